/** A listening socket. */
export interface Listener {
  address: string;
  port: number;
  inode: string;
}

const LISTEN = "0A";

/** Listening sockets in /proc/net/tcp or tcp6. Pure. */
export function listenersIn(text: string): Listener[] {
  return text
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === LISTEN)
    .map((fields) => {
      const [address = "", port = ""] = (fields[1] ?? "").split(":");
      return { address: decodeAddress(address), port: parseInt(port, 16), inode: fields[9] ?? "" };
    });
}

/** The listener that keeps one from listening on an address and port. Pure. */
export function conflict(listeners: readonly Listener[], address: string, port: number): Listener | undefined {
  return listeners.find((listener) => listener.port === port && ["0.0.0.0", "::", address].includes(listener.address));
}

/** The kernel writes addresses as it holds them in memory: each four bytes backwards. */
function decodeAddress(hex: string): string {
  const words = (hex.match(/.{8}/g) ?? []).map((word) => (word.match(/../g) ?? []).reverse());
  if (words.length === 1) {
    return (words[0] ?? []).map((byte) => parseInt(byte, 16)).join(".");
  }
  const bytes = words.flat();
  if (bytes.every((byte) => byte === "00")) {
    return "::";
  }
  const mapped = bytes.slice(0, 10).every((byte) => byte === "00") && bytes[10] === "FF" && bytes[11] === "FF";
  return mapped
    ? bytes
        .slice(12)
        .map((byte) => parseInt(byte, 16))
        .join(".")
    : (bytes.join("").match(/.{4}/g) ?? []).join(":").toLowerCase();
}

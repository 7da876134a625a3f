/** What a tar header tells of one entry. */
export interface TarHeader {
  /** Relative, without a leading slash; a folder's name ends with one. */
  name: string;
  kind: "file" | "link" | "folder";
  size?: number;
  mode?: number;
  uid?: number;
  /** Where a link points. */
  target?: string;
}

const BLOCK = 512;
const typeFlags = { file: "0", link: "2", folder: "5" } as const;

/** The padding that follows `size` bytes of content. */
export function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** The bytes one entry takes, header and padding included. */
export function entrySize(size: number): number {
  return BLOCK + Math.ceil(size / BLOCK) * BLOCK;
}

/** Two empty blocks end an archive. */
export const endOfTar = Buffer.alloc(2 * BLOCK);

/** A ustar header. Owner names and times are left empty, so the same content always makes the same bytes. */
export function tarHeader(entry: TarHeader): Buffer {
  const header = Buffer.alloc(BLOCK);
  const { name, prefix } = splitName(entry.name);
  const octal = (value: number, offset: number, length: number): void => {
    header.write(value.toString(8).padStart(length - 1, "0"), offset, length - 1, "ascii");
  };
  header.write(name, 0, 100);
  octal(entry.mode ?? (entry.kind === "file" ? 0o644 : 0o755), 100, 8);
  octal(entry.uid ?? 0, 108, 8);
  octal(entry.uid ?? 0, 116, 8);
  octal(entry.size ?? 0, 124, 12);
  octal(0, 136, 12);
  header.write(" ".repeat(8), 148, "ascii");
  header.write(typeFlags[entry.kind], 156, "ascii");
  header.write(entry.target ?? "", 157, 100);
  header.write("ustar\0" + "00", 257, "ascii");
  header.write(prefix, 345, 155);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(checksum.toString(8).padStart(6, "0") + "\0 ", 148, "ascii");
  return header;
}

/** A long path is kept in two fields, parted at a slash. */
function splitName(path: string): { name: string; prefix: string } {
  if (Buffer.byteLength(path) <= 100) {
    return { name: path, prefix: "" };
  }
  for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
    const prefix = path.slice(0, at);
    const name = path.slice(at + 1);
    if (Buffer.byteLength(prefix) <= 155 && name !== "" && Buffer.byteLength(name) <= 100) {
      return { name, prefix };
    }
  }
  throw new Error(`path too long for a tar archive: ${path}`);
}

/** An IPv4 range as numbers, both ends included. Pure. */
export function range(cidr: string): [number, number] {
  const [address = "", length = "32"] = cidr.split("/");
  const start = address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const size = 2 ** (32 - Number(length));
  const first = Math.floor(start / size) * size;
  return [first, first + size - 1];
}

/** Whether two IPv4 ranges have an address in common. Pure. */
export function overlap(one: string, other: string): boolean {
  const [a, b] = range(one);
  const [c, d] = range(other);
  return a <= d && c <= b;
}

/** A route as `ip -j route` tells it. */
export interface Route {
  dst: string;
  dev?: string;
}

/** A route, other than through `ownDevice`, to addresses of a block. Pure. */
export function routeInto(routes: readonly Route[], block: string, ownDevice: string): Route | undefined {
  return routes.find(({ dst, dev }) => dst !== "default" && dev !== ownDevice && overlap(dst, block));
}

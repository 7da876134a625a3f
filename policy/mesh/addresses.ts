/** IP addresses and ranges of them. */
import { isIP } from "node:net";

/** Whether a text is an IP address or a CIDR range, such as 10.1.0.0/16. */
export function isRange(text: string): boolean {
  const slash = text.indexOf("/");
  const family = isIP(slash < 0 ? text : text.slice(0, slash));
  const bits = slash < 0 ? "0" : text.slice(slash + 1);
  return family !== 0 && /^\d+$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

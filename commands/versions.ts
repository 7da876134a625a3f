/** Whether a version, found anywhere in what a program prints, is at least the wanted one. Pure. */
export function atLeast(printed: string, wanted: string): boolean {
  const found = /(\d+)\.(\d+)/.exec(printed);
  const [major = 0, minor = 0] = wanted.split(".").map(Number);
  return found !== null && (Number(found[1]) > major || (Number(found[1]) === major && Number(found[2]) >= minor));
}

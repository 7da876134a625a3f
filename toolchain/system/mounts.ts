import { readFile } from "node:fs/promises";
import { tryRun } from "./run";

/** Mount points at or below a folder, in the order in which they can be unmounted. Pure. */
export function mountsBelow(mountinfo: string, folder: string): string[] {
  return mountinfo
    .split("\n")
    .map((line) => line.split(" ")[4])
    .filter((path) => path !== undefined)
    .map((path) => path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))))
    .filter((path) => path === folder || path.startsWith(`${folder}/`))
    .reverse();
}

/** Unmounts everything at or below a folder. */
export async function unmountBelow(folder: string): Promise<void> {
  // Unmounting can bring to light what was mounted beneath.
  for (let round = 0; round < 5; round++) {
    const points = mountsBelow(await readFile("/proc/self/mountinfo", "utf8"), folder);
    if (points.length === 0) {
      return;
    }
    for (const point of points) {
      if ((await tryRun("umount", [point])).code !== 0) {
        await tryRun("umount", ["-l", point]);
      }
    }
  }
}

import { run } from "../system/run";

/** The files in ldd's listing. What the kernel provides has no file. Pure. */
export function librariesIn(ldd: string): string[] {
  return ldd
    .split("\n")
    .map((line) => /(?:=>\s+|^\s+)(\/\S+)\s+\(0x/.exec(line)?.[1])
    .filter((path) => path !== undefined);
}

/** The shared libraries, loader included, that programs need to start. */
export async function sharedLibraries(programs: readonly string[]): Promise<string[]> {
  const listings = await Promise.all(programs.map((program) => run("ldd", [program])));
  return [...new Set(listings.flatMap(librariesIn))].sort();
}

import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { temporaryFolder } from "./leftovers";

/**
 * Makes a folder that is either complete or absent: `fill` works in a temporary one beside it, which then takes the name.
 * If another process was faster, its folder stays.
 */
export async function makeFolder(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  if (existsSync(target)) {
    return;
  }
  const temporary = await temporaryFolder(`${target}.tmp`);
  try {
    await fill(temporary);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (!existsSync(target)) {
      throw error;
    }
  }
}

import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Folder of what this project keeps about a user: state of local stacks, their passphrase, records of runs. */
export const userFolder = join(process.env.XDG_STATE_HOME || join(homedir(), ".local", "state"), "sidecar-mesh");

/** @returns a folder below {@link userFolder} that only this user can read; it is made if it is not there. */
export function privateFolder(...names: string[]): string {
  const folder = join(userFolder, ...names);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

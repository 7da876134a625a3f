import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * @param skip Folders of PATH that are passed over.
 * @returns the path of a command, as a shell finds it; undefined if there is none.
 */
export function findOnPath(command: string, skip: (folder: string) => boolean = () => false): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "" && !skip(folder));
  return folders.map((folder) => join(folder, command)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

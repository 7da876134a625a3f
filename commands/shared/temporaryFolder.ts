import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The folders that are in use. */
const folders = new Set<string>();

/** Signals that end a process which does not listen to them. */
const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Gives `use` a folder that only this user can read. It is removed afterwards, however `use` ends, and if a signal ends
 * this process.
 */
export async function withTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "sidecar-mesh-"));
  if (folders.size === 0) {
    endings.forEach((signal) => process.on(signal, end));
  }
  folders.add(folder);
  try {
    return await use(folder);
  } finally {
    remove(folder);
    if (folders.size === 0) {
      endings.forEach((signal) => process.off(signal, end));
    }
  }
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
}

/** Removes the folders and lets a signal end this process, unless something else listens: that ends `use` by itself. */
function end(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) === 1) {
    [...folders].forEach(remove);
    process.off(signal, end);
    process.kill(process.pid, signal);
  }
}

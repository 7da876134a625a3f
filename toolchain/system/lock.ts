import { createServer, type Server } from "node:net";
import type { Logger } from "./statusLine";

/**
 * Runs `work` while no other process holds the lock. The lock is a socket without a file: the kernel gives it to one
 * process at a time and takes it back when that process ends, however it ends, so there is no stale lock to clean up.
 */
export async function withLock<T>(
  name: string,
  log: Logger,
  work: () => Promise<T>,
  patienceMs = 20 * 60_000,
): Promise<T> {
  const deadline = Date.now() + patienceMs;
  let lock = await tryLock(name);
  if (!lock) {
    log("waiting for another sandbox command to end");
  }
  while (!lock) {
    if (Date.now() > deadline) {
      throw new Error("another sandbox command is still at work");
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    lock = await tryLock(name);
  }
  try {
    return await work();
  } finally {
    lock.close();
  }
}

function tryLock(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") {
        resolve(undefined);
      } else {
        reject(error);
      }
    });
    server.listen({ path: `\0${name}` }, () => {
      server.unref();
      resolve(server);
    });
  });
}

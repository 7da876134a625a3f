import { createServer, type Server } from "node:net";
import type { Logger } from "./statusLine";

/**
 * Runs `work` while no other process holds the lock. The lock is a socket without a file: the kernel gives it to one
 * process at a time and takes it back when that process ends, however it ends, so there is no stale lock to clean up.
 */
export async function withLock<T>(name: string, log: Logger, work: () => Promise<T>, waitMs = 20 * 60_000): Promise<T> {
  const deadline = Date.now() + waitMs;
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

/** Lets work fail before it is waited for: its error is seen then. */
export function settledLater<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

/**
 * Waits for all, so that nothing is left at work in the background when one fails. @throws the first failure, in the
 * order given.
 */
export async function allOrFirstError(work: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === "rejected");
  if (failed) {
    throw failed.reason;
  }
}

/**
 * Asks again and again until there is nothing wrong any more.
 * @param ask gives what is still wrong, undefined when nothing is.
 * @param giveUp gives a reason to stop early.
 */
export async function waitFor(
  what: string,
  ask: () => Promise<string | undefined>,
  options: { timeoutMs: number; intervalMs?: number; giveUp?: () => string | undefined },
): Promise<void> {
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    const wrong = await ask();
    if (wrong === undefined) {
      return;
    }
    const reason = options.giveUp?.();
    if (reason !== undefined) {
      throw new Error(`${what}: ${reason}`);
    }
    if (Date.now() > deadline) {
      throw new Error(`${what}: still not so after ${options.timeoutMs / 1000} s: ${wrong}`);
    }
    await new Promise((resolve) => setTimeout(resolve, options.intervalMs ?? 100));
  }
}

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

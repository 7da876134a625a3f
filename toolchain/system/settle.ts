/** Lets work fail before it is waited for: its error is seen then. */
export function settledLater<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

/** Waits for all, so that nothing is left at work in the background when one fails. @throws the first failure, in the order given. */
export async function allOrFirstError(work: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === "rejected");
  if (failed) {
    throw failed.reason;
  }
}

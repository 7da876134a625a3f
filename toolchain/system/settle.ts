/** Waits for all, so that nothing is left at work in the background when one fails. @throws the first failure, in the order given. */
export async function allOrFirstError(work: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === "rejected");
  if (failed) {
    throw failed.reason;
  }
}

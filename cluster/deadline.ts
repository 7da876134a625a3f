/**
 * Gives up on something that does not settle.
 * @param ms Milliseconds that it may take.
 * @throws Error `no answer after N s` once they are over; otherwise what the call throws.
 */
export async function withinTime<T>(call: () => Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer after ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([call(), over]);
  } finally {
    clearTimeout(timer);
  }
}

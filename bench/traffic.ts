import { setTimeout as sleep } from "node:timers/promises";
import { projectFolder } from "../commands/session/stackFiles";
import { expectedInfo } from "../toolchain";
import { run } from "../toolchain/system/run";

const urls = ["user", "payment"].map((path) => `${expectedInfo().gatewayUrl}/${path}`);

/**
 * @returns milliseconds until both services answer through the sandbox's gateway, from the start of `work`, which must
 * also end well.
 */
export async function untilTraffic(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  let failure: Error | undefined;
  const working = work().catch((error: Error) => {
    failure = error;
  });
  const waiting = new Set(urls);
  while (waiting.size > 0) {
    if (failure !== undefined) {
      throw failure;
    }
    for (const url of waiting) {
      const response = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
      await response?.text().catch(() => undefined);
      if (response?.status === 200) {
        waiting.delete(url);
      }
    }
    await sleep(20);
  }
  const elapsed = performance.now() - started;
  await working;
  if (failure !== undefined) {
    throw failure;
  }
  return elapsed;
}

/** Runs npm, silently. @throws Error with what it said if it fails. */
export async function npm(...args: string[]): Promise<void> {
  await run("npm", args, { cwd: projectFolder });
}

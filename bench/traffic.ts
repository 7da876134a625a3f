import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { projectFolder } from "../commands/session/stackFiles";
import { expectedInfo } from "../toolchain";

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
  const child = spawn("npm", args, { cwd: projectFolder, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  if (code !== 0) {
    throw new Error(`npm ${args.join(" ")}: exit code ${String(code)}\n${said}`);
  }
}

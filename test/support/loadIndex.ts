import { createRequire } from "node:module";

const requireAgain = createRequire(__filename);

/**
 * Runs index.ts, in this process, and anew each time: it declares what it declares as it is loaded. All other modules
 * are loaded once; the SDK's mocks have to be set before.
 * @returns what it exports.
 */
export function loadIndex(): Record<string, unknown> {
  const { KUBECONFIG: before } = process.env;
  // A kubeconfig of this machine must not decide anything.
  process.env.KUBECONFIG = "/nonexistent";
  try {
    delete requireAgain.cache[requireAgain.resolve("../../index")];
    return requireAgain("../../index") as Record<string, unknown>;
  } finally {
    if (before === undefined) {
      delete process.env.KUBECONFIG;
    } else {
      process.env.KUBECONFIG = before;
    }
  }
}

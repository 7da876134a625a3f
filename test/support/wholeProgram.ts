import { createRequire } from "node:module";
import { asProgramConfig, readProject, readStackFile, withSettings } from "../../commands/session/stackFiles";
import type { Declared } from "./declare";
import { declare } from "./declare";

/** What index.ts declares under the SDK's mocks, as in a preview; or why it declares nothing. */
export interface WholeProgram {
  resources: readonly Declared[];
  /** The stack's outputs, by name. */
  outputs: Record<string, unknown>;
  /** What the program failed with. */
  failure?: unknown;
}

const known = new Map<string, Promise<WholeProgram>>();

/**
 * Declares the whole program against mocks, as a preview. The same is not declared twice: what is returned is not to be
 * changed.
 * @param settings Config on top of the stack's own.
 */
export function wholeProgram(stack: string, settings: Record<string, string> = {}): Promise<WholeProgram> {
  const key = `${stack} ${JSON.stringify(settings)}`;
  const whole = known.get(key) ?? declareWhole(stack, settings);
  known.set(key, whole);
  return whole;
}

async function declareWhole(stack: string, settings: Record<string, string>): Promise<WholeProgram> {
  let failure: unknown;
  let outputs: Record<string, unknown> = {};
  const load = () => {
    try {
      outputs = loadIndex();
    } catch (error) {
      failure = error;
    }
  };
  const { resources } = await declare(load, { preview: true, config: programConfig(stack, settings) });
  return { resources, outputs, ...(failure !== undefined && { failure }) };
}

/** @returns the config of a stack of this project with settings on top, as the engine hands it to the program. */
export function programConfig(stack: string, settings: Record<string, string> = {}): Record<string, string> {
  const project = readProject();
  const { config = {} } = readStackFile(stack) as { config?: Record<string, unknown> };
  return asProgramConfig(withSettings(config, settings, project), project);
}

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

/** One mistake in the configuration. */
export interface ConfigProblem {
  /** Key or path below it, without the project's namespace: `services[1].port`. */
  key: string;
  /** What it holds; undefined if it is missing. */
  value: unknown;
  /** What is wrong and what to write instead. */
  fix: string;
}

/** All mistakes of a configuration at once, so that they can be mended at once. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly ConfigProblem[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    const lines = problems.map(({ key, value, fix }) => `  ${key} = ${show(value)}: ${fix}`);
    super([`the configuration has ${count}; nothing was changed`, ...lines].join("\n"));
    this.name = "ConfigError";
  }
}

function show(value: unknown): string {
  const text = value === undefined ? "(not set)" : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

import { isMap } from "../common/isMap";

/** One mistake in the configuration. */
export interface ConfigProblem {
  /** Key or path below it, without the project's namespace: `services[1].port`. */
  key: string;
  /** File that has it; undefined where the key may come from anywhere. */
  file?: string;
  /** What it holds; undefined if it is missing. */
  value?: unknown;
  /** What is wrong and what to write instead. */
  fix: string;
}

/** All mistakes of a configuration at once, so that they can be mended at once. */
export class ConfigError extends Error {
  /** The mistakes. */
  declare readonly problems: readonly ConfigProblem[];

  constructor(noted: readonly ConfigProblem[]) {
    const problems = noted.map((one) => ("value" in one ? { ...one, value: withoutPasswords(one.value) } : one));
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    const lines = problems.map((problem) => `  ${lineOf(problem)}`);
    super([`the configuration has ${count}; nothing was changed`, ...lines].join("\n"));
    this.name = "ConfigError";
    // Node would print them once more below the message.
    Object.defineProperty(this, "problems", { value: problems, enumerable: false });
  }
}

function lineOf(problem: ConfigProblem): string {
  const { file, key, fix } = problem;
  const place = file === undefined ? key : `${file}: ${key}`;
  return "value" in problem ? `${place} = ${show(problem.value)}: ${fix}` : `${place}: ${fix}`;
}

/** @returns a value without the users and passwords of the URLs in it, which must not get into a log. */
function withoutPasswords(value: unknown): unknown {
  if (typeof value === "string") {
    return value.replace(/\/\/[^/\s"]*@/g, "//***@");
  }
  if (Array.isArray(value)) {
    return value.map(withoutPasswords);
  }
  return isMap(value)
    ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutPasswords(one)]))
    : value;
}

function show(value: unknown): string {
  // JSON has no word for these, and writes null.
  const isOdd = typeof value === "number" && !Number.isFinite(value);
  const text = value === undefined ? "(not set)" : isOdd ? String(value) : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

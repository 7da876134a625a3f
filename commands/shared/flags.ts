import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { ParseArgsConfig } from "node:util";
import { nearest } from "../../common/nearest";
import { manifestFolderFix, manifestFolderKey } from "../../stacks/stackFile";

/** Flags that all commands share. */
export interface Flags {
  stack?: string;
  context?: string;
  kubeconfig?: string;
  sandbox: boolean;
  /** `key=value`, later ones win. */
  config: string[];
  yes: boolean;
  json: boolean;
  help: boolean;
}

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Flags of every command, as node's parseArgs takes them. */
const everyCommand = {
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const satisfies Options;

/** Flags of every command that is about a stack. */
export const stackOptions = {
  stack: { type: "string", short: "s" },
  sandbox: { type: "boolean", default: false },
  config: { type: "string", short: "c", multiple: true, default: [] as string[] },
} as const satisfies Options;

/** What parsing gives for the flags that one command has besides the common ones. */
export type MoreFlags<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>["values"];

/** A mistake on the command line; the message says what to write instead. */
export class UsageError extends Error {}

/**
 * Parses the command line.
 * @param more Flags of one command alone, as node's parseArgs takes them.
 * @param names Names of the words that one command takes besides flags, in their order. Default: none.
 * @returns the flags, and the words by their names.
 * @throws UsageError naming the flag that is unknown, or whose value is missing or empty, and the word that is missing
 * or too much.
 */
export function parseFlags<O extends Options = Record<never, never>, W extends string = never>(
  argv: readonly string[],
  more?: O,
  names: readonly W[] = [],
): Flags & MoreFlags<O> & Record<W, string> {
  const { values, positionals } = parse(argv, more, names.length > 0);
  const usage = names.map((name) => name.toUpperCase()).join(" ");
  if (!values.help && positionals.length !== names.length) {
    const wrong =
      positionals.length > names.length
        ? `${positionals[names.length]} is one word too many`
        : `${names[positionals.length]!.toUpperCase()} is missing`;
    throw new UsageError(`${wrong}: write -- ${usage}`);
  }
  if (values.sandbox && values.context !== undefined) {
    throw new UsageError("--sandbox and --context name two clusters; use one of them");
  }
  checkSettings(values.config);
  const words = Object.fromEntries(names.map((name, i) => [name, positionals[i]]));
  return { ...values, ...words } as Flags & MoreFlags<O> & Record<W, string>;
}

/**
 * @throws UsageError naming the setting that is not written as key=value. An empty value is refused as that of a flag
 * is: `kubeContext=` would leave the choice of the cluster to the kubeconfig.
 */
export function checkSettings(settings: readonly string[]): void {
  const wrong = settings.find((setting) => !/^[\w-]+(:[\w-]+)?=/.test(setting));
  if (wrong !== undefined) {
    throw new UsageError(`--config ${wrong}: write it as key=value`);
  }
  const moving = settings.find((setting) => setting.startsWith(`${manifestFolderKey}=`));
  if (moving !== undefined) {
    throw new UsageError(`--config ${moving}: ${manifestFolderFix}`);
  }
  const empty = settings.find((setting) => /^[^=]*=\s*$/.test(setting));
  if (empty !== undefined) {
    throw new UsageError(`--config ${empty}: the value is empty; write one, or auto for the default`);
  }
}

/** @throws UsageError if the folder of a file that a flag has written is not there: it is said before the work. */
export function checkFolderOf(flag: string, file: string | undefined): void {
  if (file !== undefined && !existsSync(dirname(resolve(file)))) {
    throw new UsageError(`--${flag} ${file}: there is no folder ${dirname(resolve(file))}; make it first`);
  }
}

/**
 * Node's own parser, whose complaints become UsageErrors. An empty value is refused: it is what a shell makes of a
 * variable that is not set, and to go on without the flag could change another cluster than the one that was meant.
 * @param options Flags of the command besides --json and --help.
 * @param allowPositionals Whether the command takes words besides flags. Default false.
 * @throws UsageError
 */
export function parseStrictly<O extends Options = Record<never, never>>(
  argv: readonly string[],
  options?: O,
  allowPositionals = false,
) {
  const all = { ...options, ...everyCommand } as O & typeof everyCommand;
  const parse = () => parseArgs({ args: [...argv], allowPositionals, options: all });
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse();
  } catch (error) {
    throw new UsageError(explain(error, Object.entries<{ short?: string }>(all)));
  }
  for (const [name, value] of Object.entries(parsed.values)) {
    if ([value].flat().some((one) => typeof one === "string" && one.trim() === "")) {
      throw new UsageError(`--${name} has an empty value: write one, or leave the flag out`);
    }
  }
  return parsed;
}

/**
 * @returns what is wrong with a command line, from the complaint of Node's parser; for an unknown flag, which one may
 * be meant.
 */
function explain(error: unknown, options: [string, { short?: string }][]): string {
  const message = error instanceof Error ? error.message : String(error);
  const flag =
    (error as NodeJS.ErrnoException).code === "ERR_PARSE_ARGS_UNKNOWN_OPTION" && /'(-[^']*)'/.exec(message)?.[1];
  if (!flag) {
    return message;
  }
  const near = nearest(
    flag.replace(/^-+/, ""),
    options.map(([name]) => name),
  );
  return `${flag}: no such flag; ${near === undefined ? "" : `did you mean --${near}? `}--help lists all`;
}

function parse(argv: readonly string[], more: Options = {}, allowPositionals = false) {
  const common = {
    ...stackOptions,
    context: { type: "string" },
    kubeconfig: { type: "string" },
    yes: { type: "boolean", short: "y", default: false },
  } as const;
  return parseStrictly(argv, { ...more, ...common }, allowPositionals);
}

const stackHelp =
  "  -s, --stack NAME        Stack: dev (default), prod, sandbox, or one of your own with a Pulumi.NAME.yaml";

const lastHelp = `  -c, --config KEY=VALUE  Set a config key for this run; lists and objects as JSON; may be repeated
      --json              Print the result as one JSON object on the last line
  -h, --help              This text
`;

/** {@link stackOptions}, explained: for commands that ask no cluster. */
export const stackOptionsHelp = `
${stackHelp}
      --sandbox           As for the embedded cluster
${lastHelp}`;

/** The flags of all commands that ask a cluster, explained. */
export const flagsHelp = `
${stackHelp}
      --context NAME      Context of the kubeconfig; needed for a cluster that is not on this machine
      --kubeconfig FILE   Kubeconfig file (default: as kubectl finds it)
      --sandbox           Use the embedded cluster (Linux, root), whatever else there is
${lastHelp}`;

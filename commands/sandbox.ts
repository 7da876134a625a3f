import { nearest } from "../common/nearest";
import { describeStatus, down, expectedInfo, reset, showProgress, status, up } from "../toolchain";
import { timedLogger } from "../toolchain/system/statusLine";
import { defineCommand } from "./shared/defineCommand";
import type { Flags } from "./shared/flags";
import { parseStrictly, UsageError } from "./shared/flags";

const help = `npm run sandbox -- WORD [--nodes N]

The embedded cluster (Linux, root), which npm start creates where there is no other:

  up          Start it, or mend it
  status      Show the state of each node; exit code 1 if one is not healthy
  down        Stop it, keep its state
  reset       Delete it
  kubeconfig  Print the path of its kubeconfig

      --nodes N           Nodes that up makes, 1 to 9: 3 are a control plane and two workers (default: those it has, else 1)
      --json              Print the result as one JSON object on the last line
  -h, --help              This text
`;

type Log = (line: string) => void;

interface SandboxFlags extends Pick<Flags, "json" | "help"> {
  word: keyof typeof words;
  nodes?: number;
}

/** What each word does. @returns what --json prints. */
const words = {
  up: async (log: Log, { nodes }: SandboxFlags) => ({ ...(await up({ log, nodes })) }),
  status: async (_log: Log, { json }: SandboxFlags) => {
    const now = await status();
    printUnless(json, ...describeStatus(now));
    process.exitCode = now.healthy ? 0 : 1;
    return { ...now };
  },
  down: async (log: Log) => {
    await down({ log });
    return {};
  },
  reset: async (log: Log) => {
    await reset({ log });
    return {};
  },
  kubeconfig: (_log: Log, { json }: SandboxFlags) => {
    const { kubeconfig } = expectedInfo();
    printUnless(json, kubeconfig);
    return Promise.resolve({ kubeconfig });
  },
};

function printUnless(json: boolean, ...lines: string[]): void {
  if (!json) {
    lines.forEach((line) => console.log(line));
  }
}

/** Parses the command line. @throws UsageError naming the word or the flag that is wrong. */
function parse(argv: readonly string[]): SandboxFlags {
  const { values, positionals } = parseStrictly(
    argv,
    {
      nodes: { type: "string" },
    },
    true,
  );
  const { json, help } = values;
  const nodes = values.nodes === undefined ? undefined : Number(values.nodes);
  if (nodes !== undefined && !(Number.isInteger(nodes) && nodes >= 1 && nodes <= 9)) {
    throw new UsageError(`--nodes ${values.nodes}: use a number from 1 to 9`);
  }
  return { word: help ? "status" : wordOf(positionals), nodes, json, help };
}

function wordOf(positionals: readonly string[]): keyof typeof words {
  const all = Object.keys(words) as (keyof typeof words)[];
  const list = `use one of ${all.join(", ")}`;
  if (positionals.length !== 1) {
    throw new UsageError(`${positionals.join(" ") || "a word is missing"}: ${list}`);
  }
  const word = all.find((name) => name === positionals[0]);
  if (word === undefined) {
    const near = nearest(positionals[0]!, all);
    throw new UsageError(`${positionals[0]}: ${near === undefined ? list : `did you mean ${near}? ${list}`}`);
  }
  return word;
}

/** `npm run sandbox`. */
export const command = defineCommand(
  __filename,
  help,
  (flags, log) => words[flags.word](showProgress(timedLogger(log)), flags),
  parse,
);

/** Finds Istio's module, and reads its analyzers' test cases. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expectedInfo } from "../../toolchain";

const root = join(__dirname, "../..");

/** The folder of the module istio.io/istio at the version that the sandbox pins; downloaded if it is not there. */
export function istioModule(): string {
  return (known ??= findModule());
}

let known: string | undefined;

function findModule(): string {
  const cwd = join(root, "toolchain/binaries/core");
  const go = (...args: string[]): string => execFileSync("go", args, { cwd, encoding: "utf8" }).trim();
  const listed = go("list", "-m", "-f", "{{.Dir}}", "istio.io/istio");
  if (listed !== "" && existsSync(listed)) {
    return listed;
  }
  return (JSON.parse(go("mod", "download", "-json", "istio.io/istio")) as { Dir: string }).Dir;
}

/** The istioctl to compare with: from the environment, the sandbox's own, or from PATH. */
function istioctl(): string {
  const built = join(expectedInfo().binDir, "istioctl");
  return process.env["ISTIOCTL"] ?? (existsSync(built) ? built : "istioctl");
}

/** One message of istioctl. */
export interface Message {
  code: string;
  /** `Kind namespace/name`. */
  origin: string;
}

/** What istioctl says of some files, without a cluster. It then reads no Namespaces, Services, Pods and Secrets. */
export function analyze(files: readonly string[]): Message[] {
  const args = [
    "analyze",
    "--all-namespaces",
    "--use-kube=false",
    "-o",
    "json",
    "--failure-threshold",
    "Error",
    ...files,
  ];
  let output: string;
  try {
    output = execFileSync(istioctl(), args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch (error) {
    output = (error as { stdout?: string }).stdout ?? "";
  }
  const from = output.indexOf("[");
  const to = output.lastIndexOf("]");
  return from < 0 ? [] : (JSON.parse(output.slice(from, to + 1)) as Message[]);
}

/** The files of the analyzers' test data that the rules are developed against. */
function corpusFiles(): Set<string> {
  return new Set(readFileSync(join(__dirname, "files.txt"), "utf8").split("\n").filter(Boolean));
}

/** A message that a test case expects. */
export interface Expected {
  code: string;
  /** `Kind namespace/name`. */
  resource: string;
}

/** One of the analyzers' test cases. */
export interface Case {
  name: string;
  files: string[];
  meshConfig: string | undefined;
  analyzer: string;
  expected: Expected[];
}

/** The folder of the analyzers. */
export function analysisFolder(): string {
  return join(istioModule(), "pkg/config/analysis");
}

/**
 * The test cases that the rules are developed against, and those that would be, but for a file of theirs that files.txt
 * leaves out.
 */
export function corpusCases(): { cases: Case[]; partly: Case[] } {
  const allowed = corpusFiles();
  const all = analyzerCases(analysisFolder()).filter(({ files }) => files.some((file) => allowed.has(file)));
  const isWhole = ({ files }: Case) => files.every((file) => allowed.has(file));
  return { cases: all.filter(isWhole), partly: all.filter((one) => !isWhole(one)) };
}

/** The code of each message, by its name. @param text The analyzers' messages.yaml. */
export function messageCodes(text: string): Map<string, string> {
  return new Map([...text.matchAll(/- name: "?(\w+)"?\s+code: (IST\d+)/g)].map((match) => [match[1]!, match[2]!]));
}

/** The test cases of the analyzers, as their table states them. */
function analyzerCases(folder: string): Case[] {
  const text = readFileSync(join(folder, "analyzers/analyzers_test.go"), "utf8");
  const codes = messageCodes(readFileSync(join(folder, "msg/messages.yaml"), "utf8"));
  const table = text.slice(text.indexOf("var testGrid"));
  const end = table.indexOf("\n}\n");
  return table
    .slice(0, end)
    .split(/\n\t\{\n/)
    .slice(1)
    .map((part) => {
      const files = [...(/inputFiles:\s*\[\]string\{([^}]*)\}/.exec(part)?.[1] ?? "").matchAll(/"testdata\/([^"]+)"/g)];
      const messages = [...part.matchAll(/\{msg\.(\w+), "([^"]+)"\}/g)];
      return {
        name: /name:\s*"([^"]*)"/.exec(part)?.[1] ?? "",
        files: files.map((match) => match[1]!),
        meshConfig: /meshConfigFile:\s*"testdata\/([^"]+)"/.exec(part)?.[1],
        analyzer: /analyzer:\s*&([\w.]+)/.exec(part)?.[1] ?? "",
        expected: messages.map((match) => ({ code: codes.get(match[1]!) ?? match[1]!, resource: match[2]! })),
      };
    });
}

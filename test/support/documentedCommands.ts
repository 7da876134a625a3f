import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Command } from "../../commands/shared/defineCommand";
import { asProgramConfig, projectFolder, readProject } from "../../commands/session/stackFiles";
import { parseConfig } from "../../stacks/config";
import { ConfigError } from "../../stacks/configError";
import type { ConfigProblem } from "../../stacks/configError";
import { nearest } from "../../common/nearest";
import { name as policyPackage } from "../../policy/package.json";

const { scripts, bin } = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
  bin: Record<string, string>;
};

/** Subcommands of the Pulumi CLI that the pages use. */
const pulumiCommands =
  /^(login|preview|up|refresh|destroy|cancel|import|stack (init|select|output|rm|tag)|config (set|rm)|package (gen-sdk|get-schema))\b/;

/** Programs that are checked here. They also distinguish a command from a name. */
const ours = ["npm", "npx", "pulumi", "eval"];

/** Programs that are not ours; only files of ours that they are given are looked at. */
const others = ["kubectl", "kind", "minikube", "kustomize", "helm", "istioctl", "curl", "git", "pip"];

/** Whether code within text is a command, and not a name. */
export function isCommand(code: string): boolean {
  const [program = "", ...args] = words(code);
  return args.length > 0 && [...ours, ...others].includes(program);
}

/** @returns what is wrong with a line of shell in a page; empty if nothing is. */
export function problemsOfLine(line: string): string[] {
  return line
    .replace(/(^|\s)#.*$/, "")
    .split(/&&|\|\|?|;/)
    .map((command) => words(command))
    .filter((command) => command.length > 0)
    .flatMap(problemsOfCommand);
}

/** @returns what is wrong with the configuration of a stack in a page. */
export function problemsOfConfig(config: Record<string, unknown>, only?: string): string[] {
  const project = readProject();
  // Those of one word, such as registry, may be meant as words.
  const keys = Object.keys(project.keys).filter((key) => /[A-Z]/.test(key));
  try {
    parseConfig(asProgramConfig(config, project));
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    const concerns = ({ key, fix }: ConfigProblem) =>
      only === undefined ||
      // Of a key that is named alone, the others that it goes with are not known.
      (key.split(/[.[]/)[0] === only && !keys.some((other) => other !== only && fix.includes(other)));
    return (
      error.problems
        .filter(concerns)
        // Three dots stand for what the reader knows.
        .filter(({ value }) => !String(value).includes("..."))
        .map(({ key, fix }) => `${key}: ${fix}`)
    );
  }
}

function words(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3]!);
}

function problemsOfCommand([program = "", ...args]: string[]): string[] {
  switch (program) {
    case "npm":
      return problemsOfNpm(args);
    case "npx":
      if (args[0] === "mocha") {
        return missingFiles(args);
      }
      return args[0] !== undefined && args[0] in bin ? problemsOfScript(args[0], args.slice(1)) : [`npx ${args[0]}`];
    case "eval":
      return problemsOfLine(args.join(" ").replace(/^\$\(|\)$/g, ""));
    case "pulumi":
      return problemsOfPulumi(args);
    default: {
      const meant = others.includes(program) ? undefined : nearest(program, ours);
      return meant === undefined ? missingFiles(args) : [`${program}: is ${meant} meant?`];
    }
  }
}

function problemsOfNpm(args: string[]): string[] {
  const at = args.indexOf("--");
  const own = (at < 0 ? args : args.slice(0, at)).filter((word) => word !== "--silent" && word !== "-s");
  const script = own[0] === "run" ? own[1] : own[0];
  if (["ci", "audit"].includes(own.join(" ")) || own[0] === "install") {
    return [];
  }
  if (script === undefined || !(script in scripts)) {
    return [`no npm script ${script}`];
  }
  const extra = own.slice(own[0] === "run" ? 2 : 1);
  return extra.length > 0
    ? [`${extra.join(" ")} goes to npm itself, not to the script; write it after --`]
    : problemsOfScript(script, at < 0 ? [] : args.slice(at + 1));
}

function problemsOfScript(script: string, args: string[]): string[] {
  const settings = args.flatMap((word, i) => (["--config", "-c"].includes(args[i - 1] ?? "") ? [word] : []));
  const command = commandOf(script);
  if (args.length > 0 && command) {
    try {
      command.parse(args);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      // A word in capitals stands for one of the reader's.
      return /^[A-Z]+:/.test(message) ? [] : [message];
    }
    return settings.flatMap((setting) => {
      const [key = "", ...value] = setting.split("=");
      return problemOfSetting(key, value.join("="));
    });
  }
  const help = args.length > 0 ? printedHelp(script) : "";
  return args
    .filter((word) => word.startsWith("-") && word !== "-" && !help.includes(word.split("=")[0]!))
    .map((word) => `${script} knows no ${word}`);
}

const requireLate = createRequire(__filename);

/** @returns the command that a script runs, which its module exports; undefined for other scripts. */
function commandOf(script: string): Command | undefined {
  const [, file] = /^node --require \.\/loader\.cjs (commands\/[\w/]+\.ts)$/.exec(scripts[script] ?? "") ?? [];
  return file === undefined ? undefined : (requireLate(join(projectFolder, file)) as { command: Command }).command;
}

const helps = new Map<string, string>();

/** @returns what a script prints for --help; it is started once. */
function printedHelp(script: string): string {
  let help = helps.get(script);
  if (help === undefined) {
    const { stdout, stderr } = spawnSync("npm", ["run", "--silent", script, "--", "--help"], {
      cwd: projectFolder,
      encoding: "utf8",
      timeout: 60_000,
    });
    helps.set(script, (help = stdout + stderr));
  }
  return help;
}

function problemsOfPulumi(args: string[]): string[] {
  if (!pulumiCommands.test(args.join(" "))) {
    return [`pulumi ${args.join(" ")}: not one of ${String(pulumiCommands)}`];
  }
  if (args[0] === "config") {
    const [key, value = ""] = args.slice(2).filter((word) => !word.startsWith("--"));
    // Pulumi hands keys of a namespace to the provider of that name.
    return key === undefined || key.startsWith("kubernetes:") ? [] : problemOfSetting(key, value);
  }
  const at = args.indexOf("--policy-pack");
  // In a program of another folder it is a package.
  const pack = args[at + 1]?.replace(`node_modules/${policyPackage}`, "policy") ?? "";
  return at >= 0 && !existsSync(join(projectFolder, pack, "PulumiPolicy.yaml"))
    ? [`no policy pack in ${args[at + 1]}`]
    : missingFiles(args);
}

/** @returns what is wrong with one key and its value; a value in capitals stands for one of the reader's. */
export function problemOfSetting(key: string, value: unknown): string[] {
  const project = readProject();
  const [name = "", ...path] = key.split(/[.[]/);
  if (name === "KEY") {
    return [];
  }
  if (!(name in project.keys)) {
    return [`no config key ${name}`];
  }
  return path.length > 0 || /^[A-Z_]*$/.test(String(value))
    ? []
    : problemsOfConfig({ [`${project.name}:${name}`]: value }, name);
}

/** Words that look like files of the project and are none. */
function missingFiles(args: string[]): string[] {
  return args
    .filter((word) => /^(commands|components|docs|policy|sandbox|stacks|test)\//.test(word) || /^Pulumi\./.test(word))
    .filter((word) => !existsSync(join(projectFolder, word)) && word !== "Pulumi.acme.yaml")
    .map((word) => `no file ${word}`);
}

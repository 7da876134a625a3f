/** `mesh-check`: the policy pack's rules on plain manifests. */
import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checkManifests, type ManifestFile } from "../policy/check";
import type { Problem } from "../policy/mesh/manifests";
import { toGithub, toJson, toSarif, toText } from "../policy/report";
import type { Level } from "../policy/rule";
import { rules } from "../policy/rules/index";
import { parseSettings, SettingsError, type Settings } from "../policy/settings";
import { readingProblem, readSettingsFile } from "../policy/settingsFile";

const usage = `mesh-check [options] FILE|DIR|-...

Checks Istio and Kubernetes manifests before they reach a cluster. All inputs together declare one mesh.
A directory stands for all .yaml, .yml and .json files below it, and - for the standard input.
Values of Helm charts and kustomizations are passed over; render them first.

  --format text|json|sarif|github
                             how findings are written (text); github prints annotations for GitHub Actions
  --level mandatory|advisory the level from which findings make the command fail (mandatory)
  --config FILE              settings, as YAML or JSON: profile, closedWorld, levels, exclude, externalHosts,
                             revisions, meshConfig, rules
  --fail-on-empty            exit with 2 where no resource was read
  --help                     this text

Exit status: 0 nothing found at or above the level, 1 findings, 2 input that could not be read.
`;

/** A file beyond this many bytes is refused. */
const maxBytes = 256 * 1024 * 1024;

/** What the command reads from and writes to. */
export interface Streams {
  stdin(): string;
  stdout(text: string): void;
  stderr(text: string): void;
}

class UsageError extends Error {}

/**
 * The manifest files below a directory, in the order of their names. Symbolic links are followed; one that leads back
 * to a directory on its own way is not.
 */
function filesBelow(folder: string, way: readonly string[] = []): string[] {
  const real = realpathSync(folder);
  if (way.includes(real)) {
    return [];
  }
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      if (name.startsWith(".") || name === "node_modules") {
        return [];
      }
      const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
      return isFolder ? filesBelow(path, [...way, real]) : /\.(ya?ml|json)$/i.test(name) ? [path] : [];
    });
}

/**
 * The texts of the inputs. A file that was read under another name is left out: applied twice it is the same.
 */
function* readInputs(inputs: readonly string[], streams: Streams, problems: Problem[]): Generator<ManifestFile> {
  const problem = (file: string, message: string): void => {
    problems.push({ file, line: 1, message });
  };
  const seen = new Set<string>();
  for (const input of inputs) {
    if (input === "-") {
      yield { file: "stdin", text: streams.stdin() };
      continue;
    }
    let files: string[];
    try {
      files = statSync(input).isDirectory() ? filesBelow(input) : [input];
    } catch (error) {
      problem(input, readingProblem(error));
      continue;
    }
    for (const file of files) {
      let text: string;
      try {
        const { size, dev, ino } = statSync(file);
        if (seen.has(`${dev} ${ino}`)) {
          continue;
        }
        seen.add(`${dev} ${ino}`);
        if (size > maxBytes) {
          problem(file, `too large: ${Math.round(size / 1024 / 1024)} MB, at most ${maxBytes / 1024 / 1024} MB`);
          continue;
        }
        text = readFileSync(file, "utf8");
      } catch (error) {
        problem(file, readingProblem(error));
        continue;
      }
      yield { file, text };
    }
  }
}

function settingsFrom(file: string | undefined): Settings {
  return parseSettings(file === undefined ? undefined : readSettingsFile(file, "--config"), rules);
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) {
    throw new UsageError(`--${option} is ${JSON.stringify(value)}: write ${allowed.join(" or ")}`);
  }
  return found;
}

function check(argv: readonly string[], streams: Streams): number {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      format: { type: "string", default: "text" },
      level: { type: "string", default: "mandatory" },
      config: { type: "string" },
      "fail-on-empty": { type: "boolean", default: false },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    streams.stdout(usage);
    return 0;
  }
  const format = oneOf("format", values.format, ["text", "json", "sarif", "github"]);
  const level = oneOf<Level>("level", values.level, ["mandatory", "advisory"]);
  const settings = settingsFrom(values.config);
  if (positionals.length === 0) {
    throw new UsageError("no input: name files, directories, or - for the standard input");
  }
  const unread: Problem[] = [];
  const checked = checkManifests(readInputs(positionals, streams, unread), settings);
  const { findings, passedOver, resources } = checked;
  unread.push(...checked.problems);
  const outcome = { ...checked, problems: unread };
  for (const { file, line, message } of unread) {
    streams.stderr(`${file}:${line}: ${message}\n`);
  }
  for (const { file, line, message } of passedOver) {
    streams.stderr(`${file}:${line}: passed over: ${message}\n`);
  }
  const text = {
    json: () => toJson(outcome),
    sarif: () => toSarif(outcome, rules),
    github: () => toGithub(outcome),
    text: () => toText(outcome),
  }[format]();
  streams.stdout(`${text}\n`);
  if (resources === 0) {
    streams.stderr(`mesh-check: no resource was read from ${positionals.join(", ")}: nothing is checked\n`);
  }
  if (unread.length > 0 || (resources === 0 && values["fail-on-empty"])) {
    return 2;
  }
  return findings.some((finding) => level === "advisory" || finding.level === "mandatory") ? 1 : 0;
}

/**
 * Runs the command.
 *
 * @param argv The arguments, without the interpreter and the script.
 * @returns The exit status.
 */
export function meshCheck(argv: readonly string[], streams: Streams): number {
  try {
    return check(argv, streams);
  } catch (error) {
    const wrongOption = String((error as NodeJS.ErrnoException).code).startsWith("ERR_PARSE_ARGS");
    if (error instanceof SettingsError || error instanceof UsageError || wrongOption) {
      streams.stderr(`mesh-check: ${(error as Error).message}\n`);
      return 2;
    }
    throw error;
  }
}

/** Runs the command on this process's arguments and streams. */
export function main(): void {
  process.stdout.on("error", () => process.exit());
  process.exitCode = meshCheck(process.argv.slice(2), {
    stdin: () => readFileSync(0, "utf8"),
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
  });
}

// The launcher calls `main` of its bundle itself.
if (require.main === module) {
  main();
}

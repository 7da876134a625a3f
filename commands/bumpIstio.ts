import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compare, valid } from "semver";
import { istioVersion } from "../components/versions";
import renovate from "../renovate.json";
import { run } from "../toolchain/system/run";
import { defineCommand } from "./shared/defineCommand";
import { parseStrictly, UsageError } from "./shared/flags";
import { istioSupport } from "./doctor/istioSupport";
import { projectFolder } from "./session/stackFiles";

const help = `npm run bump:istio -- VERSION [flags]

Goes to another release of Istio: writes its number wherever renovate.json finds the present one, requires the release's Go modules, and
generates again what comes from these: schemas, documents, digests. It commits nothing. Needs Go, and the registries of modules and images.

      --dry-run           List the files and the commands; change nothing
      --istio-module REV  Version, tag or commit of the Go module istio.io/istio that the toolchain builds (default: VERSION)
      --skip LIST         Commands to leave out, by name, with commas between them: modules, schemas, docs, golden, digests
      --json              Print the result as one JSON object on the last line
  -h, --help              This text
`;

/** Names of the steps that follow the files. */
const stepNames = ["modules", "schemas", "docs", "golden", "digests"] as const;

/** A command that brings a part of the project to the new release. */
interface Step {
  name: (typeof stepNames)[number];
  command: readonly [string, ...string[]];
  /** Below the project. */
  folder?: string;
  /** The file that gets what the command prints. */
  output?: string;
}

/** @returns the flags. @throws UsageError naming the version or the step that is wrong. */
export function parseBumpFlags(argv: readonly string[]) {
  const { values, positionals } = parseStrictly(
    argv,
    {
      "dry-run": { type: "boolean", default: false },
      "istio-module": { type: "string" },
      skip: { type: "string" },
    },
    true,
  );
  const [version = "", ...more] = positionals;
  const skip = values.skip?.split(",") ?? [];
  const unknown = skip.find((name) => !stepNames.some((known) => known === name));
  if (values.help) {
    return { ...values, version, module: "", skip };
  }
  if (valid(version) !== version || more.length > 0) {
    throw new UsageError(
      `${positionals.join(" ") || "no version"}: name one release of Istio, such as ${istioVersion}`,
    );
  }
  if (!istioSupport.some(({ minor }) => version.startsWith(`${minor}.`))) {
    throw new UsageError(`${version}: add the end of its support to commands/doctor/istioSupport.ts first`);
  }
  if (unknown !== undefined) {
    throw new UsageError(`--skip ${unknown}: name some of ${stepNames.join(", ")}`);
  }
  return { ...values, version, module: values["istio-module"] ?? version, skip };
}

/** What renovate.json says of Istio: the files that name the release, and how they do. */
const pins = renovate.customManagers.find(({ depNameTemplate }) => depNameTemplate === "istio/istio")!;

/** @returns a file's text with another release of Istio wherever it names one. Pure. */
export function withRelease(text: string, version: string): string {
  return pins.matchStrings.reduce(
    (bumped, pattern) =>
      bumped.replace(new RegExp(pattern, "g"), (found: string, current: string) => found.replace(current, version)),
    text,
  );
}

/**
 * @returns the files that name Istio's release, by their path below the project, with their new text where that
 * differs.
 */
export function bumpedFiles(version: string, folder = projectFolder): Map<string, string> {
  const files = [".", "components", "docs", join(".github", "workflows")]
    .flatMap((name) => readdirSync(join(folder, name)).map((file) => join(name, file)))
    .filter((file) => pins.managerFilePatterns.some((pattern) => new RegExp(pattern.slice(1, -1)).test(file)));
  const texts = files.map((file) => ({ file, text: readFileSync(join(folder, file), "utf8") }));
  return new Map(
    texts
      .map(({ file, text }) => [file, withRelease(text, version)] as const)
      .filter(([, text], i) => text !== texts[i]!.text),
  );
}

/** @returns the commands that follow, in their order. Pure. */
export function stepsOf(version: string, module: string): Step[] {
  const modules = [
    ...["core", "istio-cni"].map((name) => [`toolchain/binaries/${name}`, `istio.io/istio@${module}`]),
    ["stacks/meshConfig", `istio.io/api@v${version}`],
  ] as [string, string][];
  return [
    ...modules.flatMap(([folder, wanted]): Step[] => [
      { name: "modules", command: ["go", "get", wanted], folder },
      { name: "modules", command: ["go", "mod", "tidy"], folder },
    ]),
    { name: "schemas", command: ["go", "run", "."], folder: "stacks/meshConfig", output: "schema.json" },
    { name: "schemas", command: ["npm", "run", "schemas"] },
    { name: "docs", command: ["npm", "run", "docs"] },
    { name: "golden", command: ["npm", "run", "golden"] },
    { name: "digests", command: ["npm", "run", "digests"] },
  ];
}

/** `npm run bump:istio`. */
export const command = defineCommand(
  __filename,
  help,
  async ({ version, module, skip, "dry-run": dryRun }, log) => {
    if (compare(version, istioVersion) < 0) {
      log(`${version} is older than ${istioVersion}`);
    }
    const files = bumpedFiles(version);
    for (const [file, text] of files) {
      log(`write ${file}`);
      if (!dryRun) {
        writeFileSync(join(projectFolder, file), text);
      }
    }
    const steps = stepsOf(version, module).filter(({ name }) => !skip.includes(name));
    for (const { command, folder = ".", output } of steps) {
      const [program, ...args] = command;
      log(`${command.join(" ")}${output ? ` > ${output}` : ""} (in ${folder})`);
      if (!dryRun) {
        const cwd = join(projectFolder, folder);
        const printed = await run(program, args, { cwd, env: { GOWORK: "off" } });
        if (output) {
          writeFileSync(join(cwd, output), printed);
        }
      }
    }
    log(
      "next: the tag of Pulumi.sandbox.yaml if the Go module was changed, npm test, npm run test:cluster, docs/upgrade.md",
    );
    return { version, files: [...files.keys()], steps: steps.map(({ command }) => command.join(" ")) };
  },
  parseBumpFlags,
);

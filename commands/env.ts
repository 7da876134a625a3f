import { existsSync } from "node:fs";
import { delimiter } from "node:path";
import { builtGroup, shellEnvironment } from "../toolchain";
import { parseStrictly } from "./shared/flags";
import { findPulumi } from "./pulumi/cli";
import { commandFolder, pulumiEnvironment } from "./pulumi/environment";
import { defineCommand } from "./shared/defineCommand";

/** @returns a value as a POSIX shell takes it literally. */
function quoted(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/**
 * @param folders Put before those that PATH has.
 * @returns the lines by which a POSIX shell sets variables.
 */
export function shellLines(variables: Record<string, string>, folders: readonly string[]): string[] {
  return [
    ...Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`),
    ...(folders.length > 0 ? [`export PATH=${quoted(folders.join(delimiter))}${delimiter}"$PATH"`] : []),
  ];
}

const help = `npm run --silent env

Prints what a shell needs for pulumi, kubectl, helm, istioctl, kind and docker to work on what npm start made:

  eval "$(npm run --silent env)"
  pulumi preview --stack dev

PATH with the Pulumi CLI, and with the tools of the embedded cluster where they are built; KUBECONFIG of the embedded cluster where
there is one, and DOCKER_HOST where it has a Docker of its own; Pulumi's backend and passphrase file. What is set already is left as it is.

      --json              Print it as one JSON object
  -h, --help              This text
`;

/** Flags of `npm run env`. */
function parse(argv: readonly string[]) {
  const { values } = parseStrictly(argv);
  return values;
}

/** `npm run env`. */
export const command = defineCommand(
  __filename,
  help,
  async ({ json }, log) => {
    const cli = await findPulumi(log);
    const own = await pulumiEnvironment(cli);
    const embedded = builtGroup("core") === undefined ? undefined : shellEnvironment();
    // KUBECONFIG is of use once the embedded cluster was started.
    const isOfUse = ([name, value]: [string, string]) =>
      process.env[name] === undefined && (name !== "KUBECONFIG" || existsSync(value));
    const known = (process.env.PATH ?? "").split(delimiter);
    const folders = [commandFolder(cli), ...(embedded?.folders ?? [])].filter((folder) => !known.includes(folder));
    const variables = { ...own, ...Object.fromEntries(Object.entries(embedded?.variables ?? {}).filter(isOfUse)) };
    if (!json) {
      console.log(shellLines(variables, folders).join("\n"));
    }
    return { ...variables, folders };
  },
  parse,
);

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { manifestFolderKey } from "../stacks/stackFile";
import { chartSettings } from "./images/charts";
import { defineCommand } from "./shared/defineCommand";
import { settingsBeforeStart } from "./session/embeddedConfig";
import { checkSettings, parseStrictly, stackOptions, stackOptionsHelp, UsageError } from "./shared/flags";
import { findPulumi } from "./pulumi/cli";
import { withEmptyStack } from "./pulumi/emptyStack";
import type { EngineReport } from "./pulumi/events";
import { keyOf, objectRefOf } from "./pulumi/things";
import { checkStackFlag, splitSetting } from "./session/session";
import { withTemporaryFolder } from "./shared/temporaryFolder";

const help = `npm run render -- DIR [flags]

Writes what a stack declares into DIR as YAML, one object a file, for kubectl, Argo CD or Flux. No cluster is asked. Istio's charts
become the objects that helm template prints. Passwords and keys are made anew each time, and stand there in plain text.
The folders of an earlier run in DIR are replaced; other files there stay. See docs/render.md.
${stackOptionsHelp}`;

/** Flags of `npm run render`. */
export function parseRenderFlags(argv: readonly string[]) {
  const { values, positionals } = parseStrictly(argv, stackOptions, true);
  checkSettings(values.config);
  checkStackFlag(values.stack);
  const [folder, more] = positionals;
  if (!values.help && (folder === undefined || more !== undefined)) {
    throw new UsageError(
      `name one folder: npm run render -- DIR${more === undefined ? "" : `; ${more} is one too many`}`,
    );
  }
  if (folder !== undefined && existsSync(folder) && !statSync(folder).isDirectory()) {
    throw new UsageError(`${folder} is a file: name a folder`);
  }
  return { ...values, folder: folder ?? "" };
}

/** The folders of the result, in the order in which their objects are to be applied: each needs those before. */
const folders = ["0-definitions", "1-namespaces", "2-objects"] as const;

/**
 * @returns in which of the folders an object goes, by the file that the provider wrote for it:
 * `VERSION-KIND-NAMESPACE-NAME.yaml`.
 */
export function folderOf(file: string): (typeof folders)[number] {
  if (basename(dirname(file)) === "0-crd") {
    return "0-definitions";
  }
  return basename(file).startsWith("v1-namespace-") ? "1-namespaces" : "2-objects";
}

/** @returns the keys of the objects with a secret in them, by what the engine reports: it shows none. */
export function objectsWithSecrets({ steps }: Pick<EngineReport, "steps">): ReadonlySet<string> {
  return new Set(
    steps.flatMap(({ new: state }) => {
      const ref = state && objectRefOf(state);
      return ref && JSON.stringify(state.inputs).includes('"[secret]"') ? [keyOf(ref)] : [];
    }),
  );
}

/**
 * @param secrets See {@link objectsWithSecrets}.
 * @returns whether a manifest holds what is not for everyone to read.
 */
export function isSecretManifest(yaml: string, secrets: ReadonlySet<string>): boolean {
  const object = parse(yaml) as Record<string, unknown> | null;
  const ref = object && objectRefOf({ urn: "", type: "kubernetes:", inputs: object });
  const isSecret = object?.kind === "Secret" && (object.data ?? object.stringData) !== undefined;
  return isSecret || (ref !== null && ref !== undefined && secrets.has(keyOf(ref)));
}

/** `npm run render`. */
export const command = defineCommand(
  __filename,
  help,
  async ({ folder, stack: named, sandbox, config }, log) => {
    const stack = named ?? (sandbox ? "sandbox" : "dev");
    const own = { ...(sandbox && settingsBeforeStart()), ...Object.fromEntries(config.map(splitSetting)) };
    const settings = { ...own, ...(await chartSettings(stack, own, log)) };
    const cli = await findPulumi(log);
    return withTemporaryFolder(async (written) => {
      const session = { stack, settings: { ...settings, [manifestFolderKey]: written } };
      const { passed, said, report } = await withEmptyStack(cli, session, {}, (empty) => empty.tryUp());
      if (!passed) {
        throw new Error(`${stack} can't be rendered:\n${said}`);
      }
      const files = moveInto(written, resolve(folder));
      const marked = objectsWithSecrets(report);
      const secrets = files.filter((file) => isSecretManifest(readFileSync(join(folder, file), "utf8"), marked));
      log(`${stack}: ${files.length} manifests in ${folder}`);
      secrets.forEach((file) => log(`  ${file} holds a secret in plain text: keep it out of Git`));
      return { stack, folder, files, secrets };
    });
  },
  parseRenderFlags,
);

/** Puts what the provider wrote in place of an earlier result. @returns the files, below the folder. */
function moveInto(written: string, folder: string): string[] {
  folders.forEach((name) => rmSync(join(folder, name), { recursive: true, force: true }));
  return readdirSync(written, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => {
      const place = join(folderOf(file), basename(file));
      mkdirSync(join(folder, dirname(place)), { recursive: true });
      cpSync(join(written, file), join(folder, place));
      return place;
    })
    .sort();
}

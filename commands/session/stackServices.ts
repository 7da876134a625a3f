import { parse } from "yaml";
import { parseConfig } from "../../stacks/config";
import type { StackConfig } from "../../stacks/config";
import { ConfigError } from "../../stacks/configError";
import { defaultServices } from "../../stacks/servicesConfig";
import type { Session } from "./session";
import { asProgramConfig, holdsSecret, projectFolder, readProject, readStackFile, withSettings } from "./stackFiles";

/** A stack's configuration as the next update has it, and its services as they are written. */
export interface ConfiguredStack {
  config: StackConfig;
  /** Items of the key `services`, as written. */
  items: Record<string, unknown>[];
}

/**
 * Reads the configuration of a stack's file with the settings of this run.
 * @throws ConfigError naming every mistake, and services that are a secret: only the Pulumi CLI can read those.
 */
export function readConfiguredStack(
  { stack, settings }: Pick<Session, "stack" | "settings">,
  folder = projectFolder,
): ConfiguredStack {
  const project = readProject(folder);
  const key = `${project.name}:services`;
  const { config: written = {} } = readStackFile(stack, folder) as { config?: Record<string, unknown> };
  const merged = withSettings(written, settings, project);
  if (holdsSecret(merged[key])) {
    const fix = "only the Pulumi CLI can read a secret; this command needs services in plain text";
    throw new ConfigError([{ file: `Pulumi.${stack}.yaml`, key, value: "[secret]", fix }]);
  }
  const readable = Object.fromEntries(Object.entries(merged).filter(([, value]) => !holdsSecret(value)));
  const config = parseConfig(asProgramConfig(readable, project));
  const items = typeof merged[key] === "string" ? (parse(merged[key]) as unknown) : merged[key];
  return { config, items: structuredClone((items ?? defaultServices) as Record<string, unknown>[]) };
}

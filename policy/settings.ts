/** The settings of a check: parsed and validated, with all mistakes reported at once. */
import { nearest } from "../common/nearest";
import { isMap } from "../common/isMap";
import { matchesGlob } from "./mesh/selectors";
import type { ConfigKey, ConfigValue, Level, Profile, Rule } from "./rule";

/** The policy that carries the settings of the whole pack. */
export const settingsPolicy = "mesh-settings";

/**
 * Turns settings into what `--policy-pack-config` takes.
 *
 * @param settings As a file for `mesh-check --config` holds them: valid, and nothing but what is set.
 * @returns the configuration of each policy that has one, by its name.
 */
export function packConfigOf(settings: Partial<Settings>): Record<string, object> {
  const { rules = {}, levels = {}, ...pack } = settings;
  // The engine must know a level to ask a policy at all; the pack, to distinguish what is certain from what is not.
  const whole = { ...pack, ...(Object.keys(levels).length > 0 && { levels }) };
  const names = [...new Set([...Object.keys(levels), ...Object.keys(rules)])];
  return {
    ...(Object.keys(whole).length > 0 && { [settingsPolicy]: whole }),
    ...Object.fromEntries(
      names.map((name) => [name, { ...(levels[name] && { enforcementLevel: levels[name] }), ...rules[name] }]),
    ),
  };
}

/** Settings that hold for all rules, and each rule's own. */
export interface Settings {
  /** `prod` is stricter than `dev`. */
  profile: Profile;
  /**
   * Whether everything that is referred to has to be declared in the input. `auto`: a reference to something undeclared
   * is a mistake where the input declares other things of its kind, and only advised of where it declares none.
   */
  closedWorld: boolean | "auto";
  /** The level of a rule, where it is not to be its default. */
  levels: Record<string, Level | "disabled">;
  /** Namespaces, and resources by name or namespace/name, that are not reported; `*` stands for anything. */
  exclude: { namespaces: string[]; names: string[] };
  /** Hosts that exist outside the input; `*` stands for anything. */
  externalHosts: string[];
  /** Revisions and tags of Istio that are installed by other means; `default` for the default one. */
  revisions: string[];
  /** Istio's mesh configuration, where the input does not hold it. */
  meshConfig: Record<string, unknown>;
  /** The configuration of single rules. */
  rules: Record<string, Record<string, ConfigValue>>;
}

/** The defaults. */
export const defaultSettings: Settings = {
  profile: "dev",
  closedWorld: "auto",
  levels: {},
  exclude: { namespaces: [], names: [] },
  externalHosts: [],
  revisions: [],
  meshConfig: {},
  rules: {},
};

/** A setting in the terms of JSON Schema, what to write for it, and where it can be written. */
export interface SettingSchema {
  type?: "string" | "object" | "array";
  enum?: readonly (string | boolean)[];
  items?: { type: "string" };
  description: string;
  /** What to write in place of a wrong value. */
  write: string;
  /** False for what has a place of its own in the configuration of a policy pack. */
  inPack: boolean;
}

const strings = { type: "array", items: { type: "string" }, inPack: true } as const;
const map = { type: "object", inPack: true } as const;
const levels: readonly string[] = ["mandatory", "advisory", "disabled"] satisfies (Level | "disabled")[];

/**
 * Every setting. Defaults are not part of it: Pulumi's engine would put them where nothing is configured, and `profile`
 * would no longer follow the stack.
 */
export const settingSchemas: Record<keyof Settings, SettingSchema> = {
  profile: {
    type: "string",
    enum: ["dev", "prod"],
    description: "Which levels hold where a rule has two; `prod` is the stricter.",
    write: 'write "dev" or "prod"',
    inPack: true,
  },
  closedWorld: {
    enum: [true, false, "auto"],
    description: "Whether everything that is referred to has to be declared in what is checked.",
    write: 'write true, false or "auto"',
    inPack: true,
  },
  levels: {
    ...map,
    description: "Levels of single rules: `mandatory`, `advisory` or `disabled`.",
    write: 'write a map from rules to levels, such as {"images-pinned": "disabled"}',
  },
  exclude: {
    ...map,
    description: "`namespaces`, and resources by `names` (`name` or `namespace/name`), that are not reported.",
    write: 'write a map, such as {"namespaces": ["kube-system"], "names": ["default/legacy-*"]}',
  },
  externalHosts: {
    ...strings,
    description: "Hosts that exist outside of what is checked; routes may lead there.",
    write: 'write a list of names, such as ["*.example.com"]',
  },
  revisions: {
    ...strings,
    description: "Revisions and tags of Istio that are installed by other means; `default` is the default one.",
    write: 'write a list of names, such as ["default"]',
  },
  meshConfig: {
    ...map,
    description: "Istio's mesh configuration, where what is checked does not hold it.",
    write: 'write Istio\'s mesh configuration as a map, such as {"rootNamespace": "istio-system"}',
  },
  rules: {
    ...map,
    description: "Keys of single rules.",
    write: "write a map from rules to their configuration",
    inPack: false,
  },
};

/** Whether a value is one that a setting takes. */
function fits(value: unknown, { type, enum: values, items }: SettingSchema): boolean {
  return values !== undefined
    ? values.some((one) => one === value)
    : items !== undefined
      ? isStrings(value)
      : type !== "object" || isMap(value);
}

/** Settings that are wrong, with all that is wrong with them. */
export class SettingsError extends Error {
  constructor(
    readonly source: string,
    readonly problems: readonly string[],
  ) {
    super(`${source}: ${problems.join("; ")}`);
    this.name = "SettingsError";
  }
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

/** Suggests a name in place of one that does not exist. */
function meant(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  return near === undefined ? `write one of ${names.join(", ")}` : `did you mean ${near}?`;
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function valueProblem(value: unknown, key: ConfigKey): string | undefined {
  const is = key.default;
  if (Array.isArray(is)) {
    return isStrings(value) ? undefined : `a list of strings, such as ${show(is.length > 0 ? is : ["name"])}`;
  }
  return typeof value === typeof is ? undefined : `a ${typeof is}, such as ${show(is)}`;
}

/**
 * Validates settings.
 *
 * @param value What was configured: from a file, or from the policy pack's configuration.
 * @param rules The rules that there are.
 * @param source Where it comes from, for errors.
 * @throws SettingsError naming every key that is wrong, its value, and how to mend it.
 */
export function parseSettings(value: unknown, rules: readonly Rule[], source = "settings"): Settings {
  const problems: string[] = [];
  const wrong = (key: string, is: unknown, fix: string): void => {
    problems.push(`${key} is ${show(is)}: ${fix}`);
  };
  if (value !== undefined && value !== null && !isMap(value)) {
    throw new SettingsError(source, [`is ${show(value)}: write a map, such as {"profile": "prod"}`]);
  }
  const names = rules.map(({ name }) => name);
  const ruleNamed = (key: string, name: string): Rule | undefined => {
    const found = rules.find((rule) => rule.name === name);
    if (found === undefined) {
      problems.push(`${key}.${name} names no rule: ${meant(name, names)}`);
    }
    return found;
  };
  /** Goes through the entries of a setting that is a map. */
  const parts: { [K in keyof Settings]?: (key: string, is: unknown) => void } = {
    levels: (name, level) => {
      if (ruleNamed("levels", name) !== undefined && !levels.includes(level as string)) {
        wrong(`levels.${name}`, level, 'write "mandatory", "advisory" or "disabled"');
      }
    },
    exclude: (key, list) => {
      if (!Object.hasOwn(defaultSettings.exclude, key)) {
        problems.push(`exclude.${key} is no setting: write exclude.namespaces or exclude.names`);
      } else if (!isStrings(list)) {
        wrong(`exclude.${key}`, list, 'write a list of names, such as ["kube-system"]');
      }
    },
    rules: (name, config) => {
      const found = ruleNamed("rules", name);
      if (found !== undefined && !isMap(config)) {
        wrong(`rules.${name}`, config, "write a map");
      }
      for (const [key, setting] of Object.entries(found !== undefined && isMap(config) ? config : {})) {
        const known = found?.config?.[key];
        const keys = Object.keys(found?.config ?? {});
        const problem = known && valueProblem(setting, known);
        if (known === undefined) {
          const advice = keys.length === 0 ? "the rule has none" : `it has ${keys.join(", ")}`;
          problems.push(`rules.${name}.${key} is no key of the rule: ${advice}`);
        } else if (problem !== undefined) {
          wrong(`rules.${name}.${key}`, setting, `write ${problem}`);
        }
      }
    },
  };
  for (const [name, is] of Object.entries(value ?? {})) {
    const key = name as keyof Settings;
    const schema = Object.hasOwn(settingSchemas, key) ? settingSchemas[key] : undefined;
    if (schema === undefined) {
      problems.push(`${key} is no setting: ${meant(key, Object.keys(settingSchemas))}`);
    } else if (!fits(is, schema)) {
      wrong(key, is, schema.write);
    } else if (isMap(is)) {
      Object.entries(is).forEach(([part, one]) => parts[key]?.(part, one));
    }
  }
  if (problems.length > 0) {
    throw new SettingsError(source, problems);
  }
  const given = structuredClone(value ?? {}) as Partial<Settings>;
  const defaults = structuredClone(defaultSettings);
  return { ...defaults, ...given, exclude: { ...defaults.exclude, ...given.exclude } };
}

/** Whether the settings keep a resource out of the findings. */
export function isExcluded(settings: Settings, resource: { namespace: string; name: string; kind: string }): boolean {
  const namespace = resource.kind === "Namespace" ? resource.name : resource.namespace;
  const { namespaces, names } = settings.exclude;
  return (
    namespaces.some((pattern) => matchesGlob(pattern, namespace)) ||
    names.some(
      (pattern) => matchesGlob(pattern, resource.name) || matchesGlob(pattern, `${namespace}/${resource.name}`),
    )
  );
}

/** What a check is configured with: parsed and validated, all mistakes at once. */
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

/** What holds where nothing is configured. */
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

/** A setting in the terms of JSON Schema, and where it can be written. */
export interface SettingSchema {
  type?: "string" | "object" | "array";
  enum?: (string | boolean)[];
  items?: { type: "string" };
  description: string;
  /** False for what has a place of its own in the configuration of a policy pack. */
  inPack: boolean;
}

const strings = { type: "array", items: { type: "string" }, inPack: true } as const;

/**
 * Every setting. Defaults are not part of it: Pulumi's engine would put them where nothing is configured, and `profile` would no
 * longer follow the stack.
 */
export const settingSchemas: Record<keyof Settings, SettingSchema> = {
  profile: {
    type: "string",
    enum: ["dev", "prod"],
    description: "Which levels hold where a rule has two; `prod` is the stricter.",
    inPack: true,
  },
  closedWorld: {
    enum: [true, false, "auto"],
    description: "Whether everything that is referred to has to be declared in what is checked.",
    inPack: true,
  },
  levels: {
    type: "object",
    description: "Levels of single rules: `mandatory`, `advisory` or `disabled`.",
    inPack: true,
  },
  exclude: {
    type: "object",
    description: "`namespaces`, and resources by `names` (`name` or `namespace/name`), that are not reported.",
    inPack: true,
  },
  externalHosts: { ...strings, description: "Hosts that exist outside of what is checked; routes may lead there." },
  revisions: {
    ...strings,
    description: "Revisions and tags of Istio that are installed by other means; `default` is the default one.",
  },
  meshConfig: {
    type: "object",
    description: "Istio's mesh configuration, where what is checked does not hold it.",
    inPack: true,
  },
  rules: { type: "object", description: "Keys of single rules.", inPack: false },
};

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

/** What may have been meant by a name that is none. */
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
  const settings: Settings = structuredClone(defaultSettings);
  const wrong = (key: string, is: unknown, fix: string): void => {
    problems.push(`${key} is ${show(is)}: ${fix}`);
  };
  if (value !== undefined && value !== null && !isMap(value)) {
    throw new SettingsError(source, [`is ${show(value)}: write a map, such as {"profile": "prod"}`]);
  }
  const names = rules.map(({ name }) => name);
  const strings = (key: string, is: unknown, put: (list: string[]) => void): void => {
    if (isStrings(is)) {
      put(is);
    } else {
      wrong(key, is, `write a list of names, such as ["${key === "externalHosts" ? "*.example.com" : "kube-system"}"]`);
    }
  };
  const ruleNamed = (key: string, name: string): Rule | undefined => {
    const found = rules.find((rule) => rule.name === name);
    if (found === undefined) {
      problems.push(`${key}.${name} names no rule: ${meant(name, names)}`);
    }
    return found;
  };
  const readers: Record<keyof Settings, (is: unknown) => void> = {
    profile: (is) => {
      if (is === "dev" || is === "prod") {
        settings.profile = is;
      } else {
        wrong("profile", is, 'write "dev" or "prod"');
      }
    },
    closedWorld: (is) => {
      if (typeof is === "boolean" || is === "auto") {
        settings.closedWorld = is;
      } else {
        wrong("closedWorld", is, 'write true, false or "auto"');
      }
    },
    levels: (is) => {
      if (!isMap(is)) {
        wrong("levels", is, 'write a map from rules to levels, such as {"images-pinned": "disabled"}');
        return;
      }
      for (const [name, level] of Object.entries(is)) {
        if (ruleNamed("levels", name) === undefined) {
          continue;
        }
        if (level === "mandatory" || level === "advisory" || level === "disabled") {
          settings.levels[name] = level;
        } else {
          wrong(`levels.${name}`, level, 'write "mandatory", "advisory" or "disabled"');
        }
      }
    },
    exclude: (is) => {
      if (!isMap(is)) {
        wrong("exclude", is, 'write a map, such as {"namespaces": ["kube-system"], "names": ["default/legacy-*"]}');
        return;
      }
      for (const [key, list] of Object.entries(is)) {
        if (key === "namespaces" || key === "names") {
          strings(`exclude.${key}`, list, (good) => (settings.exclude[key] = good));
        } else {
          problems.push(`exclude.${key} is no setting: write exclude.namespaces or exclude.names`);
        }
      }
    },
    externalHosts: (is) => strings("externalHosts", is, (list) => (settings.externalHosts = list)),
    revisions: (is) => strings("revisions", is, (list) => (settings.revisions = list)),
    meshConfig: (is) => {
      if (isMap(is)) {
        settings.meshConfig = is;
      } else {
        wrong(
          "meshConfig",
          is,
          'write Istio\'s mesh configuration as a map, such as {"rootNamespace": "istio-system"}',
        );
      }
    },
    rules: (is) => {
      if (!isMap(is)) {
        wrong("rules", is, "write a map from rules to their configuration");
        return;
      }
      for (const [name, config] of Object.entries(is)) {
        const found = ruleNamed("rules", name);
        if (found === undefined) {
          continue;
        }
        if (!isMap(config)) {
          wrong(`rules.${name}`, config, "write a map");
          continue;
        }
        for (const [key, setting] of Object.entries(config)) {
          const known = found.config?.[key];
          if (known === undefined) {
            const keys = Object.keys(found.config ?? {});
            const advice = keys.length === 0 ? "the rule has none" : `it has ${keys.join(", ")}`;
            problems.push(`rules.${name}.${key} is no key of the rule: ${advice}`);
            continue;
          }
          const problem = valueProblem(setting, known);
          if (problem !== undefined) {
            wrong(`rules.${name}.${key}`, setting, `write ${problem}`);
          } else {
            (settings.rules[name] ??= {})[key] = setting as ConfigValue;
          }
        }
      }
    },
  };
  for (const [key, is] of Object.entries(value ?? {})) {
    const read = readers[key as keyof Settings] as ((is: unknown) => void) | undefined;
    if (read === undefined) {
      problems.push(`${key} is no setting: ${meant(key, Object.keys(readers))}`);
    } else {
      read(is);
    }
  }
  if (problems.length > 0) {
    throw new SettingsError(source, problems);
  }
  return settings;
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

/** Runs the rules on a declared mesh. */
import { ignoredNamespaces } from "./mesh/injection";
import { readManifests, type Problem } from "./mesh/manifests";
import { Mesh, type Workload } from "./mesh/mesh";
import { meshOfProgram, type ProgramResource } from "./mesh/pulumi";
import { position, title, type Resource } from "./mesh/resource";
import type { Context, Finding, Level, Rule } from "./rule";
import { rules as allRules } from "./rules/index";
import { isExcluded, parseSettings, type Settings } from "./settings";
import { known, UnknownValue } from "./mesh/unknown";

/** A resource that a rule could not judge, for a value that is known only after deployment. */
export interface Undetermined {
  rule: string;
  resource: string;
  reason: string;
  urn?: string;
}

/** The result of a check. */
export interface Outcome {
  findings: Finding[];
  undetermined: Undetermined[];
}

function isWorkload(item: Resource | Workload): item is Workload {
  return "resource" in item;
}

/** The level at which a rule runs under some settings. */
export function levelOf(rule: Rule, settings: Settings): Level | "disabled" {
  const { level } = rule;
  return settings.levels[rule.name] ?? (typeof level === "string" ? level : level[settings.profile]);
}

/** The configuration of a rule: its defaults, and what the settings put in their place. */
function configOf(rule: Rule, settings: Settings): Context["config"] {
  const defaults = Object.entries(rule.config ?? {}).map(([key, value]) => [key, value.default] as const);
  return { ...Object.fromEntries(defaults), ...settings.rules[rule.name] };
}

/**
 * Runs rules on a mesh.
 *
 * @param mesh The declared mesh.
 * @param settings What the check is configured with.
 * @param rules The rules to run; all of them unless said.
 */
export function checkMesh(mesh: Mesh, settings: Settings, rules: readonly Rule[] = allRules): Outcome {
  const undetermined: Undetermined[] = [];
  const found = new Map<string, { resource: Resource; finding: Finding }>();
  for (const rule of rules) {
    const level = levelOf(rule, settings);
    if (level === "disabled") {
      continue;
    }
    const context: Context = {
      mesh,
      settings,
      config: configOf(rule, settings),
      each(items, check) {
        let complete = true;
        for (const item of items) {
          try {
            check(item);
          } catch (error) {
            if (!(error instanceof UnknownValue)) {
              throw error;
            }
            complete = false;
            const resource: Resource = isWorkload(item) ? item.resource : item;
            const { urn } = resource;
            const reason = error.message;
            undetermined.push({
              rule: rule.name,
              resource: title(resource),
              reason,
              ...(urn !== undefined && { urn }),
            });
          }
        }
        return complete;
      },
      report(resource, { field, message, fix, code, certain = true }) {
        const { kind, name } = resource;
        const namespace = known(() => resource.namespace) ?? "";
        const beyond = resource.installedBy !== undefined || ignoredNamespaces.includes(namespace);
        if (beyond || isExcluded(settings, { kind, name, namespace })) {
          return;
        }
        const finding: Finding = {
          rule: rule.name,
          code: code ?? rule.codes[0] ?? rule.name,
          level: certain ? level : "advisory",
          resource: title(resource),
          field,
          message: `${message} ${fix}`,
          ...(resource.urn !== undefined && { urn: resource.urn }),
        };
        const key = `${finding.rule} ${finding.code} ${finding.resource} ${finding.field} ${finding.message}`;
        if (!found.has(key)) {
          found.set(key, { resource, finding });
        }
      },
      missing(declared, resource, report) {
        if (settings.closedWorld !== false) {
          context.report(resource, { ...report, certain: settings.closedWorld === true || declared });
        }
      },
    };
    try {
      rule.check(context);
    } catch (error) {
      // A rule that puts several resources together stops where one of them is not known yet.
      if (!(error instanceof UnknownValue)) {
        throw error;
      }
      undetermined.push({ rule: rule.name, resource: "The mesh", reason: error.message });
    }
  }
  const order = new Map(mesh.resources.map((resource, i) => [resource, i]));
  const sorted = [...found.values()].sort((a, b) => (order.get(a.resource) ?? 0) - (order.get(b.resource) ?? 0));
  return {
    findings: sorted.map(({ resource, finding }) => ({ ...finding, ...position(resource, finding.field) })),
    undetermined,
  };
}

/** A file's name and its text. */
export interface ManifestFile {
  file: string;
  text: string;
}

/** The result of a check of manifests. */
export interface CheckedManifests extends Outcome {
  /** Documents that could not be read. */
  problems: Problem[];
  /** Files that are not manifests and are not meant to be. */
  passedOver: Problem[];
  /** How many resources were read. */
  resources: number;
  /** Custom resources whose pods are unknown from their declaration. */
  notJudged: readonly Resource[];
}

/** Checks manifests: all files together declare one mesh. */
export function checkManifests(files: Iterable<ManifestFile>, settings: Settings): CheckedManifests {
  const resources: Resource[] = [];
  const problems: Problem[] = [];
  const passedOver: Problem[] = [];
  for (const { file, text } of files) {
    const read = readManifests(file, text);
    for (const resource of read.resources) {
      resources.push(resource);
    }
    problems.push(...read.problems);
    passedOver.push(...read.passedOver);
  }
  const mesh = new Mesh({ resources, meshConfig: settings.meshConfig });
  return {
    ...checkMesh(mesh, settings),
    problems,
    passedOver,
    resources: resources.length,
    notJudged: mesh.unjudged,
  };
}

/**
 * Checks the resources of a program without Pulumi's policy engine.
 *
 * @param resources What the program registers.
 * @param options Settings, as a configuration file would hold them; validated here.
 * @throws SettingsError if the options are wrong.
 */
export function checkResources(resources: readonly ProgramResource[], options: Partial<Settings> = {}): Outcome {
  const settings = parseSettings(options, allRules, "options");
  return checkMesh(meshOfProgram(resources, settings.meshConfig), settings);
}

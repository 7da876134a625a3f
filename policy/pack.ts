/** Adapts the rules to Pulumi's policy SDK. Only `start` starts anything; the rest can be tested without a server. */
import type { Policies, PolicyResource, ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import type * as PolicySdk from "@pulumi/policy";
import { createRequire } from "node:module";
import { checkMesh } from "./check";
import { meshOfProgram, type ProgramResource } from "./mesh/pulumi";
import type { Mesh } from "./mesh/mesh";
import { settingsPolicy, parseSettings, settingSchemas, SettingsError, type Settings } from "./settings";
import { remedies } from "./remedies";
import { describeUndetermined } from "./report";
import type { ConfigKey, ConfigValue, Level, Rule, Profile } from "./rule";
import { rules } from "./rules/index";

/** What is known of a stack before its resources are. */
export interface StackFacts {
  project: string;
  stack: string;
  /** The stack's output `profile`, where its program has one. */
  output?: unknown;
  /**
   * The stack's configuration, by full key: `project:key`. Pulumi 3.224 and newer no longer hands it to a policy pack.
   */
  config: Record<string, string>;
}

/**
 * @returns `prod` for a stack whose output `profile` says so, or else whose configuration key `profile`. A stack's name
 * is free to choose: it counts only where there is neither; it then means `prod` if it begins so.
 */
export function profileOf({ project, stack, output, config }: StackFacts): Profile {
  const declared = typeof output === "string" ? output : (config[`${project}:profile`] ?? "");
  const said = declared === "" ? /^prod/.exec(stack)?.[0] : declared;
  return said === "prod" ? "prod" : "dev";
}

/** @returns project and stack that a URN names; empty where there is none. */
export function placeOf(urn = ""): Pick<StackFacts, "project" | "stack"> {
  const [, stack = "", project = ""] = /^urn:pulumi:([^:]+)::([^:]+)::/.exec(urn) ?? [];
  return { project, stack };
}

/**
 * @param env The environment of a process that the Pulumi engine started; `PULUMI_CONFIG` is how it hands out
 * configuration.
 * @returns the stack's configuration; empty where the engine gave none.
 */
export function engineConfig(env: NodeJS.ProcessEnv): Record<string, string> {
  try {
    return JSON.parse(env["PULUMI_CONFIG"] ?? "{}") as Record<string, string>;
  } catch {
    return {};
  }
}

/** The policy that sees resources before the provider does. */
export const inputsPolicy = "mesh-inputs";

/** A resource as the policy SDK gives it, less what the rules do not need. */
export type StackResource = Pick<PolicyResource, "type" | "name" | "urn" | "props"> & {
  dependencies: { urn: string }[];
  propertyDependencies?: Record<string, { urn: string }[]>;
  parent?: { urn: string } | undefined;
  provider?: { props: Record<string, unknown> } | undefined;
};

/** The resources of a stack as the mesh reads them. */
export function programOf(resources: readonly StackResource[]): ProgramResource[] {
  return resources.map((resource) => {
    const { type, name, urn, props, dependencies, propertyDependencies = {}, parent, provider } = resource;
    const through = Object.values(propertyDependencies).flat();
    const namespace = provider?.props["namespace"];
    return {
      type,
      name,
      urn,
      props,
      dependencies: [...new Set([...dependencies, ...through].map((one) => one.urn))],
      ...(parent !== undefined && { parent: parent.urn }),
      ...(typeof namespace === "string" && namespace !== "" && { defaultNamespace: namespace }),
    };
  });
}

/** What all policies share about a stack. */
interface Stack {
  mesh: Mesh;
  settings: Settings;
  problems: readonly string[];
  /** The policies that have used it. */
  served: Set<string>;
}

/** Keeps the mesh of a stack while the engine calls one policy after another. */
export class StackCache {
  private stack: Stack | undefined;
  private config: object = {};
  private readonly declared = new Map<string, StackResource["props"]>();

  /** @param stackConfig The stack's configuration, by full key; see {@link profileOf}. */
  constructor(private readonly stackConfig: Record<string, string> = {}) {}

  /** Keeps a resource as the program declares it. */
  declare(urn: string, props: StackResource["props"]): void {
    this.declared.set(urn, props);
  }

  /** The stack for a policy. The engine calls each policy once for a stack; a second call means a new stack. */
  get(policy: string, resources: readonly StackResource[], config?: object): Stack {
    if (this.stack === undefined || this.stack.served.has(policy)) {
      this.config = config ?? this.config;
      this.stack = this.build(resources);
    }
    this.stack.served.add(policy);
    return this.stack;
  }

  private build(resources: readonly StackResource[]): Stack {
    const output: unknown = resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.props["profile"];
    const profile = profileOf({ ...placeOf(resources[0]?.urn), output, config: this.stackConfig });
    let settings = parseSettings({ profile }, rules);
    let problems: readonly string[] = [];
    try {
      settings = parseSettings({ profile, ...this.config }, rules, settingsPolicy);
    } catch (error) {
      if (!(error instanceof SettingsError)) {
        throw error;
      }
      problems = error.problems;
    }
    // A stack comes with what the provider foretells, which for an update starts from what is in the cluster: a label
    // that the program no longer declares can still be there.
    const asDeclared = resources.map((one) => ({ ...one, props: this.declared.get(one.urn) ?? one.props }));
    return { mesh: meshOfProgram(programOf(asDeclared), settings.meshConfig), settings, problems, served: new Set() };
  }
}

type JsonSchema = NonNullable<StackValidationPolicy["configSchema"]>["properties"][string];

function schemaOf({ description, default: value }: ConfigKey): JsonSchema {
  return Array.isArray(value)
    ? { type: "array", items: { type: "string" }, description, default: value }
    : { type: typeof value as "boolean" | "number" | "string", description, default: value };
}

/** Keys of single rules stand with each policy; the others have a policy to stand with. */
const settingsSchema = Object.fromEntries(
  Object.entries(settingSchemas)
    .filter(([, { inPack }]) => inPack)
    .map(([key, { inPack: _, write: __, ...schema }]): [string, JsonSchema] => [key, schema as JsonSchema]),
);

/** The strictest level of a rule, over all profiles: what it is registered with. */
function registeredLevel({ level }: Rule): Level {
  return typeof level === "string" ? level : Object.values(level).includes("mandatory") ? "mandatory" : "advisory";
}

/**
 * The level that a policy is registered with cannot be lowered for one violation by the SDK's types, but by the SDK.
 */
type ReportAt = (violation: { message: string; urn?: string; enforcementLevel: Level }) => void;

function stackPolicy(rule: Rule, cache: StackCache): StackValidationPolicy {
  const registered = registeredLevel(rule);
  return {
    name: rule.name,
    description: rule.description,
    enforcementLevel: registered,
    url: rule.source,
    remediationSteps: rule.fix,
    ...(rule.config !== undefined && {
      configSchema: {
        properties: Object.fromEntries(Object.entries(rule.config).map(([key, value]) => [key, schemaOf(value)])),
      },
    }),
    validateStack(args, reportViolation) {
      const { mesh, settings } = cache.get(rule.name, args.resources);
      const config = args.getConfig<Record<string, ConfigValue>>();
      const own: Settings = {
        ...settings,
        levels: { ...settings.levels, [rule.name]: settings.levels[rule.name] ?? registered },
        rules: { ...settings.rules, [rule.name]: { ...settings.rules[rule.name], ...config } },
      };
      // The profile's level is below the registered one, unless the configuration says otherwise.
      const lowered = typeof rule.level !== "string" && rule.level[settings.profile] !== registered;
      const at = reportViolation as unknown as ReportAt;
      const { findings, undetermined } = checkMesh(mesh, own, [rule]);
      for (const { level, code, resource, field, message, urn } of findings) {
        const text = `${resource}: ${field}: ${message}${code === rule.name ? "" : ` [${code}]`}`;
        const wouldStop = registered === "mandatory" || own.levels[rule.name] === "mandatory";
        const advisory = wouldStop && (level === "advisory" || (lowered && settings.levels[rule.name] === undefined));
        if (advisory) {
          at({ message: text, ...(urn !== undefined && { urn }), enforcementLevel: "advisory" });
        } else {
          reportViolation(text, urn);
        }
      }
      for (const one of undetermined) {
        const { urn } = one;
        at({ message: describeUndetermined(one), ...(urn !== undefined && { urn }), enforcementLevel: "advisory" });
      }
    },
  };
}

/** The policies of the pack. */
export function policies(cache = new StackCache()): Policies {
  const settings: StackValidationPolicy = {
    name: settingsPolicy,
    description: "The settings of the pack are valid.",
    enforcementLevel: "mandatory",
    configSchema: { properties: settingsSchema },
    validateStack(args, reportViolation) {
      const { problems } = cache.get(settingsPolicy, args.resources, args.getConfig());
      problems.forEach((problem) => reportViolation(problem));
    },
  };
  const inputs: ResourceValidationPolicy = {
    name: inputsPolicy,
    description: "Hands the other policies each resource as the program declares it; it finds nothing itself.",
    enforcementLevel: "advisory",
    validateResource: ({ urn, props }) => cache.declare(urn, props),
  };
  const mends = remedies.map((remedy): ResourceValidationPolicy => ({
    name: remedy.name,
    description: remedy.description,
    enforcementLevel: "disabled",
    remediateResource: ({ type, props }) => (remedy.applies(type) && remedy.mend(props) ? props : undefined),
  }));
  return [settings, inputs, ...rules.map((rule) => stackPolicy(rule, cache)), ...mends];
}

/** Starts the pack's server, which the engine talks to. */
export function start(): void {
  const load = createRequire(__filename);
  const { PolicyPack } = load("@pulumi/policy/policy") as typeof PolicySdk;
  const cache = new StackCache(engineConfig(process.env));
  new PolicyPack("sidecar-mesh", { policies: policies(cache), enforcementLevel: "mandatory" });
}

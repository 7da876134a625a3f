/** What a rule is, and what it is given to check with. */
import type { Mesh, Workload } from "./mesh/mesh";
import type { Resource } from "./mesh/resource";
import type { ShapeName } from "./mesh/shapes";
import type { Settings } from "./settings";

/** How much a finding weighs: a mandatory one stops a deployment, an advisory one is only shown. */
export type Level = "mandatory" | "advisory";

/** The profiles that settings can name; `prod` is the stricter. */
export type Profile = "dev" | "prod";

/** A value that a rule can be configured with. */
export type ConfigValue = boolean | number | string | string[];

/** One key of a rule's configuration. The type is that of the default. */
export interface ConfigKey<T extends ConfigValue = ConfigValue> {
  description: string;
  default: T;
}

/** A rule's configuration, by key. */
export type ConfigSchema = Record<string, ConfigKey>;

/** A broken declaration. */
export interface Finding {
  rule: string;
  /**
   * The code of istioctl analyze (IST) or Kiali (KIA) that says the same, or the rule's own name where neither does.
   */
  code: string;
  level: Level;
  /** `Kind namespace/name`. */
  resource: string;
  field: string;
  /** Why it breaks, and what to do. */
  message: string;
  file?: string;
  line?: number;
  urn?: string;
}

/** What a rule says of a resource. */
export interface Report {
  /** The field at fault: `spec.http[0].route[0].destination.host`. */
  field: string;
  /** Why it breaks. */
  message: string;
  /** What to do. */
  fix: string;
  /** Which of the rule's codes it is; the first unless said. */
  code?: string;
  /** False where the input does not show enough to be sure: the finding is advisory then. */
  certain?: boolean;
}

/** What a rule checks with. */
export interface Context<C extends ConfigSchema = ConfigSchema> {
  readonly mesh: Mesh;
  readonly settings: Settings;
  /** The rule's configuration, with its defaults. */
  readonly config: { [K in keyof C]: C[K]["default"] };
  /**
   * Goes through resources or workloads; one that needs a value not known yet is noted, and the others still checked.
   *
   * @returns whether all of them could be judged.
   */
  readonly each: <T extends Resource | Workload>(items: readonly T[], check: (item: T) => void) => boolean;
  readonly report: (resource: Resource, report: Report) => void;
  /**
   * Reports a reference to something that is not declared. Whether that breaks depends on the world: where references
   * may leave the input, it does not; where nothing of the kind is declared at all, it is only advised of.
   *
   * @param declared Whether the input declares anything of the kind that is referred to.
   */
  readonly missing: (declared: boolean, resource: Resource, report: Report) => void;
}

/** One rule: pure, with the mesh for input and findings for output. */
export interface Rule<C extends ConfigSchema = ConfigSchema> {
  name: string;
  /** One sentence that says what has to hold. */
  description: string;
  /** Why it matters: what happens to traffic when it does not hold. */
  rationale: string;
  /** How to correct a declaration that breaks the rule. */
  fix: string;
  level: Level | Record<Profile, Level>;
  /** The codes of `istioctl analyze` and of Kiali that the rule covers. */
  codes: readonly string[];
  /** URL of the page that states what the rule checks. */
  source: string;
  config?: C;
  check(context: Context<C>): void;
}

/** A rule as its file declares it. */
type Definition<C extends ConfigSchema> = Omit<Rule<C>, "level" | "codes" | "source"> & {
  /** Default: mandatory. */
  level?: Rule["level"];
  /** Default: none. */
  codes?: readonly string[];
  /** A code of `istioctl analyze`, a path below istio.io/latest/docs, or a URL. Default: the first of the codes. */
  source?: string;
};

const istioDocs = "https://istio.io/latest/docs/";

/** Makes a rule of its definition, and infers the type of its configuration. */
export function rule<const C extends ConfigSchema = Record<never, never>>(definition: Definition<C>): Rule {
  const { level = "mandatory", codes = [], source = codes[0] ?? "", ...rest } = definition;
  const path = source.startsWith("IST") ? `reference/config/analysis/${source.toLowerCase()}/` : source;
  return { level, codes, source: new URL(path, istioDocs).href, ...rest };
}

/** The check of a rule that judges the resources of one shape each for itself. */
export function eachOf<S extends ShapeName>(shape: S, check: (resource: Resource<S>, context: Context) => void) {
  return (context: Context): void => void context.each(context.mesh.of(shape), (one) => check(one, context));
}

/** The check of a rule that judges workloads each for itself. */
export function eachWorkload<C extends ConfigSchema>(check: (workload: Workload, context: Context<C>) => void) {
  return (context: Context<C>): void => void context.each(context.mesh.workloads, (one) => check(one, context));
}

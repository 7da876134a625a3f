import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

/** A resource, as Pulumi's event log, `pulumi stack export` and `pulumi preview --json` have it. */
export interface StateResource {
  urn: string;
  type: string;
  custom?: boolean;
  parent?: string;
  provider?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  /** It was only read. */
  external?: boolean;
  /** It stays in the cluster when the stack goes. */
  retainOnDelete?: boolean;
  /** It is gone, and what replaces it has yet to be made. */
  pendingReplacement?: boolean;
}

/** One step of a preview or an update. */
export interface Step {
  /** Pulumi's word for it: same, create, update, delete, replace, create-replacement, read, refresh, ... */
  op: string;
  urn: string;
  type: string;
  old: StateResource | null;
  new: StateResource | null;
  /** Fields for which the provider replaces the resource. */
  keys?: string[] | null;
}

/** What a policy found. */
export interface PolicyViolation {
  policy: string;
  level: "mandatory" | "advisory" | "remediate" | "disabled";
  urn?: string;
  message: string;
}

/** The engine's events of a preview or an update, as far as they are read here. */
export interface EngineReport {
  steps: readonly Step[];
  violations: readonly PolicyViolation[];
  /** The stack's outputs; secrets as `[secret]`. */
  outputs: Record<string, unknown>;
  /** Those of before; none of a stack that is new. */
  outputsBefore: Record<string, unknown>;
  /** Whether the stack's outputs are others than before. */
  outputsChange: boolean;
  /** Errors that were shown. */
  errors: readonly string[];
}

interface StepEvent {
  metadata: Step;
}

/** One line of the event log: https://www.pulumi.com/docs/reference/cloud-rest-api lists its events. */
interface EngineEvent {
  resourcePreEvent?: StepEvent;
  resOutputsEvent?: StepEvent;
  policyEvent?: {
    resourceUrn?: string;
    message: string;
    policyName: string;
    enforcementLevel: PolicyViolation["level"];
  };
  diagnosticEvent?: { message: string; severity: string };
}

const stackType = "pulumi:pulumi:Stack";

/** @returns what the engine wrote into an event log, a JSON object on each line. */
export function parseEventLog(text: string): EngineReport {
  const events = text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as EngineEvent);
  const stack = events.flatMap(({ resOutputsEvent }) => ofStack(resOutputsEvent)).at(-1);
  const outputs = stack?.new?.outputs ?? {};
  const outputsBefore = stack?.old?.outputs ?? {};
  return {
    steps: events.flatMap(({ resourcePreEvent }) => resourcePreEvent?.metadata ?? []),
    violations: events.flatMap(({ policyEvent }) => (policyEvent ? [violationOf(policyEvent)] : [])),
    outputs,
    outputsBefore,
    outputsChange: !isDeepStrictEqual(outputs, outputsBefore),
    errors: events.flatMap(({ diagnosticEvent }) =>
      diagnosticEvent?.severity === "error" ? [withoutColours(diagnosticEvent.message).trim()] : [],
    ),
  };
}

/** @returns what the engine wrote into the file of an event log; nothing if it ended before it made the file. */
export function readEventLog(file: string): EngineReport {
  try {
    return parseEventLog(readFileSync(file, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return parseEventLog("");
    }
    throw error;
  }
}

/** @returns whether an update that does what was previewed would leave everything as it is. */
export function changesNothing({ steps, outputsChange }: Pick<EngineReport, "steps" | "outputsChange">): boolean {
  return !outputsChange && steps.every(({ op }) => op === "same" || op === "read");
}

/** A resource as a program declares it. */
export interface DeclaredResource {
  type: string;
  name: string;
  props: Record<string, unknown>;
}

/** @returns the resources that a preview's program declares, without components and providers. */
export function declaredResources({ steps }: Pick<EngineReport, "steps">): DeclaredResource[] {
  return steps.flatMap(({ urn, type, op, new: state }) =>
    state?.custom && !type.startsWith("pulumi:") && !op.startsWith("delete") && op !== "read"
      ? [{ type, name: urn.split("::").at(-1)!, props: state.inputs ?? {} }]
      : [],
  );
}

/** @returns a message without the marks of colours, such as `<{%reset%}>`, that the engine leaves to what shows it. */
function withoutColours(message: string): string {
  return message.replace(/<\{%.*?%\}>/g, "");
}

function ofStack(event: StepEvent | undefined): Step[] {
  return event?.metadata.type === stackType ? [event.metadata] : [];
}

function violationOf(event: NonNullable<EngineEvent["policyEvent"]>): PolicyViolation {
  const { policyName: policy, enforcementLevel: level, resourceUrn: urn, message } = event;
  return { policy, level, message: withoutColours(message).trim(), ...(urn && { urn }) };
}

/** Pod templates, wherever in a resource they stand. */
import type { Resource } from "./resource";
import { fitTemplate, type Fields } from "./shapes";
import { isMap } from "../../common/isMap";
import { lateFields } from "./unknown";

/** A pod template, and the field that holds it: `spec.template.`. */
export interface Template {
  template: ReturnType<typeof fitTemplate>;
  prefix: string;
}

/** How deep in a custom resource templates are looked for. */
const maxDepth = 9;

/** Whether a map is a pod template: it has a pod's spec. */
function isTemplate(value: Record<string, unknown>): boolean {
  const { spec } = value;
  return (
    isMap(spec) &&
    Array.isArray(spec["containers"]) &&
    spec["containers"].some(
      (one) => isMap(one) && (typeof one["image"] === "string" || typeof one["name"] === "string"),
    )
  );
}

/** A step of an Argo Workflow: its container stands in the place of a pod's spec. */
function stepOf(value: Record<string, unknown>): Record<string, unknown> | undefined {
  const container = value["container"] ?? value["script"];
  return isMap(container) && typeof container["image"] === "string"
    ? { metadata: value["metadata"], spec: { containers: [{ name: "main", ...container }] } }
    : undefined;
}

function* search(value: unknown, path: string, depth: number): Generator<[Record<string, unknown>, string]> {
  if (depth > maxDepth || typeof value !== "object" || value === null) {
    return;
  }
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      const step =
        path === "spec.templates" || path === "spec.workflowSpec.templates" ? isMap(item) && stepOf(item) : false;
      if (step) {
        yield [step, `${path}[${i}].`];
      } else {
        yield* search(item, `${path}[${i}]`, depth + 1);
      }
    }
    return;
  }
  const map = value as Record<string, unknown>;
  // The resource itself is none: its spec may look like that of a pod.
  if (depth > 0 && isTemplate(map)) {
    yield [map, `${path}.`];
    return;
  }
  for (const key of Object.keys(map)) {
    yield* search(map[key], path === "" ? key : `${path}.${key}`, depth + 1);
  }
}

/** The pod templates of a resource. In a custom resource they are found by their form. */
export function templatesOf(resource: Resource): Template[] {
  switch (resource.shape) {
    case "Workload":
      return [
        lateFields<Template>({
          template: () => (resource.fields as Fields<"Workload">).spec?.template ?? {},
          prefix: () => "spec.template.",
        }),
      ];
    case "CronJob":
      return [
        lateFields<Template>({
          template: () => (resource.fields as Fields<"CronJob">).spec?.jobTemplate?.spec?.template ?? {},
          prefix: () => "spec.jobTemplate.spec.template.",
        }),
      ];
    case undefined: {
      const unknowns = resource.origin === undefined;
      return [...search(resource.fields, "", 0)].map(([raw, prefix]) => ({
        template: fitTemplate(raw, unknowns),
        prefix,
      }));
    }
    default:
      return [];
  }
}

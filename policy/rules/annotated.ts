import { annotations, isIstioAnnotation, type Annotation } from "../mesh/annotations";
import type { Mesh } from "../mesh/mesh";
import { keyed, type Resource } from "../mesh/resource";
import type { Context } from "../rule";

/** One of Istio's annotations, where it stands. */
export interface Annotated {
  resource: Resource;
  name: string;
  value: string;
  field: string;
  /** The kind that it is on: Pod for one of a pod template. */
  on: string;
  known: Annotation | undefined;
  /** The labels beside it. */
  labels: Record<string, string>;
  template: boolean;
}

/** Goes through Istio's annotations of Namespaces, Services and workloads, those of pod templates included. */
export function eachAnnotation(mesh: Mesh, each: Context["each"], check: (annotated: Annotated) => void): void {
  const list = (["Namespace", "Service", "Pod", "Workload", "CronJob"] as const).flatMap((shape): Resource[] =>
    mesh.of(shape),
  );
  each(list, (resource) => {
    const at = (map: Record<string, string>, field: string, on: string, labels: Record<string, string>): void => {
      for (const name of Object.keys(map).filter(isIstioAnnotation)) {
        const template = field !== "metadata.annotations";
        check({
          resource,
          name,
          value: map[name]!,
          field: keyed(field, name),
          on,
          known: annotations[name],
          labels,
          template,
        });
      }
    };
    at(resource.annotations, "metadata.annotations", resource.kind, resource.labels);
    const workload = resource.shape === "Pod" ? undefined : mesh.workloadOf(resource);
    if (workload !== undefined) {
      at(workload.annotations, `${workload.prefix}metadata.annotations`, "Pod", workload.labels);
    }
  });
}

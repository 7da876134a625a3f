/** Istio's annotations. */
import { injectLabel } from "../mesh/names";
import { type Annotation, annotations, annotationValues, isIstioAnnotation } from "../mesh/annotations";
import { containersOf, type Mesh } from "../mesh/mesh";
import { keyed, type Resource } from "../mesh/resource";
import { type Context, rule } from "../rule";

/** One of Istio's annotations, where it stands. */
interface Annotated {
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
function eachAnnotation(mesh: Mesh, each: Context["each"], check: (annotated: Annotated) => void): void {
  const list = [
    ...(["Namespace", "Service", "Pod", "Workload", "CronJob"] as const).flatMap((shape): Resource[] => mesh.of(shape)),
    ...mesh.workloads.flatMap(({ resource, assumed }) => (resource.shape === undefined && !assumed ? [resource] : [])),
  ];
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
    for (const workload of resource.shape === "Pod" ? [] : mesh.workloadsOf(resource)) {
      at(workload.annotations, `${workload.prefix}metadata.annotations`, "Pod", workload.labels);
    }
  });
}

export const annotationKnown = rule({
  name: "annotation-known",
  description: "An annotation in Istio's name space is one that Istio knows.",
  rationale: "A misspelt annotation has no effect, and there is no warning.",
  fix: "Correct the name.",
  codes: ["IST0108"],
  check({ mesh, each, report }) {
    eachAnnotation(mesh, each, ({ resource, name, field, known }) => {
      if (known === undefined) {
        report(resource, {
          field,
          message: `Istio knows no annotation ${name}, so it does nothing.`,
          fix: "Correct its name, or remove it.",
        });
      }
    });
  },
});

export const annotationPlacement = rule({
  name: "annotation-placement",
  description: "An annotation of Istio stands on a kind of resource that it is for.",
  rationale: "Istio reads an annotation of pods on pods only: on the Deployment it does nothing.",
  fix: "Move it, mostly to `spec.template.metadata.annotations`.",
  codes: ["IST0107"],
  check({ mesh, each, report }) {
    eachAnnotation(mesh, each, ({ resource, name, field, on, known }) => {
      const targets: readonly string[] = known?.targets ?? ["Any"];
      if (!targets.includes("Any") && !targets.includes(on)) {
        report(resource, {
          field,
          message: `The annotation ${name} has no effect on a ${on}: it is for ${targets.join(", ")}.`,
          fix: targets.includes("Pod") && on !== "Namespace" ? "Move it to the pod template." : "Move or remove it.",
        });
      }
    });
  },
});

export const annotationValid = rule({
  name: "annotation-valid",
  description: "An annotation of Istio has a value that it takes.",
  rationale: "The injector refuses a pod with a wrong value, so that no pod is created at all.",
  fix: "Correct the value.",
  codes: ["IST0125"],
  check({ mesh, each, report }) {
    eachAnnotation(mesh, each, ({ resource, name, value, field, on, known }) => {
      const wanted =
        known !== undefined && (on === "Pod" || known.targets.includes("Any"))
          ? annotationValues[name]?.(value)
          : undefined;
      if (wanted !== undefined) {
        report(resource, {
          field,
          message: `The annotation ${name} is ${JSON.stringify(value)}, but has to be ${wanted}.`,
          fix: "Correct the value.",
        });
      }
    });
  },
});

export const annotationCurrent = rule({
  name: "annotation-current",
  description: "No annotation of Istio that is used is deprecated.",
  rationale: "A deprecated annotation stops working in some later version, without an error.",
  fix: "Use what takes its place; for sidecar.istio.io/inject that is the label of the same name.",
  level: "advisory",
  codes: ["IST0135"],
  check({ mesh, each, report }) {
    eachAnnotation(mesh, each, ({ resource, name, field, known, labels }) => {
      // A pod with the label as well keeps the annotation on purpose, for older versions.
      if (known?.deprecated === true && !(name === injectLabel && labels[injectLabel] !== undefined)) {
        report(resource, {
          field,
          message: `The annotation ${name} is deprecated${name === injectLabel ? " in favour of the label of the same name" : ""}.`,
          fix: name === injectLabel ? "Make it a label." : "Remove it.",
        });
      }
    });
  },
});

/** What Istio's CNI plugin has the injector set by itself. */
const setByDefault = new Set([
  "sidecar.istio.io/interceptionMode",
  "traffic.sidecar.istio.io/includeInboundPorts",
  "traffic.sidecar.istio.io/excludeInboundPorts",
  "traffic.sidecar.istio.io/includeOutboundIPRanges",
]);

export const annotationStable = rule({
  name: "annotation-stable",
  description: "No resource carries an annotation of an alpha feature of Istio.",
  rationale: "Alpha features may change or go without notice.",
  fix: "Do without it, or accept the risk by switching the rule off.",
  level: "advisory",
  codes: ["IST0136"],
  check({ mesh, each, report }) {
    eachAnnotation(mesh, each, ({ resource, name, field, known, on, template }) => {
      const workload = on === "Pod" ? mesh.workloadsOf(resource)[0] : undefined;
      const cni =
        workload !== undefined && !containersOf(workload).some(({ container }) => container.name === "istio-init");
      // On pod templates these annotations configure Istio; on the resource itself they are an oversight.
      if (known?.maturity === "alpha" && !template && !(cni && setByDefault.has(name))) {
        report(resource, {
          field,
          message: `The annotation ${name} belongs to an alpha feature, which may change without notice.`,
          fix: "Do without it where you can.",
        });
      }
    });
  },
});

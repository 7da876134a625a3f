/** Selectors and target references: what a resource is for. */
import { ambientLabel, gatewayApiGroup } from "../mesh/names";
import { isAmbient, isIstioService } from "../mesh/injection";
import type { Mesh, Workload } from "../mesh/mesh";
import type { Resource } from "../mesh/resource";
import { isEmpty, selects, selectorText, type LabelSelector } from "../mesh/selectors";
import { nearest } from "../../common/nearest";
import { targetingPolicies, targetReferences } from "../mesh/policies";
import { eachOf, rule } from "../rule";

/** A Sidecar or a Telemetry. */
type Selecting = Resource<"Sidecar"> | Resource<"Telemetry">;

/** The labels by which a Sidecar or Telemetry selects, and the field that holds them. */
function selectorOf(resource: Selecting): { selector: Record<string, string> | undefined; field: string } {
  if (resource.shape === "Sidecar") {
    return {
      selector: resource.fields.spec?.workloadSelector?.labels,
      field: "spec.workloadSelector",
    };
  }
  return { selector: (resource as Resource<"Telemetry">).fields.spec?.selector?.matchLabels, field: "spec.selector" };
}

/** Whether a pod is captured in ambient mode, without a sidecar. */
function isAmbientPod(mesh: Mesh, { annotations, labels, namespace }: Workload): boolean {
  return (
    annotations["ambient.istio.io/redirection"] === "enabled" ||
    (labels[ambientLabel] === "ambient" && isAmbient(mesh.namespace(namespace)))
  );
}

export const selectorsDisjoint = rule({
  name: "selectors-disjoint",
  description:
    "A workload is selected by one Sidecar and one Telemetry at most, and a namespace has one default of each.",
  rationale: "Where two of them apply to one pod, which one is used is undefined.",
  fix: "Merge them, or make their selectors exclude each other.",
  codes: ["IST0110", "IST0111", "IST0159", "IST0160", "KIA1004"],
  check({ mesh, each, report }) {
    for (const [shape, overlap, doubled] of [
      ["Sidecar", "IST0110", "IST0111"],
      ["Telemetry", "IST0159", "IST0160"],
    ] as const) {
      const defaults = new Map<string, Selecting[]>();
      const byWorkload = new Map<Workload, Selecting[]>();
      each(mesh.of(shape) as Selecting[], (resource) => {
        const { selector } = selectorOf(resource);
        const { targetRef, targetRefs } = (resource as Resource<"Telemetry">).fields.spec ?? {};
        if (isEmpty(selector)) {
          if (targetRef === undefined && targetRefs === undefined) {
            defaults.set(resource.namespace, [...(defaults.get(resource.namespace) ?? []), resource]);
          }
          return;
        }
        for (const workload of mesh.selectedBy(selector, resource.namespace)) {
          byWorkload.set(workload, [...(byWorkload.get(workload) ?? []), resource]);
        }
      });
      for (const [namespace, resources] of defaults) {
        // Neither of them does anything where there are no sidecars.
        if (resources.length > 1 && !(shape === "Sidecar" && isAmbient(mesh.namespace(namespace)))) {
          for (const resource of resources) {
            report(resource, {
              field: "metadata.name",
              message: `Namespace ${namespace} has several ${shape} resources without a selector: ${resources
                .map(({ name }) => name)
                .sort()
                .join(", ")}.`,
              fix: "Keep one as the default of the namespace, and give the others a selector.",
              code: doubled,
            });
          }
        }
      }
      for (const [workload, resources] of byWorkload) {
        if (resources.length > 1 && !isAmbientPod(mesh, workload)) {
          for (const resource of resources) {
            const { selector, field } = selectorOf(resource);
            report(resource, {
              field,
              message: `${workload.resource.kind} ${workload.resource.name} is selected by several ${shape} resources (${resources
                .map(({ name }) => name)
                .sort()
                .join(", ")}), among them this one with ${selectorText(selector)}.`,
              fix: "Merge them, or make their selectors exclude each other.",
              code: overlap,
            });
          }
        }
      }
    }
  },
});

/**
 * How a resource selects pods: by which labels, and whether in the root namespace it selects those of all namespaces.
 */
interface Selection {
  selector: Record<string, string> | undefined;
  field: string;
  wide: boolean;
}

/** The kinds that select pods. AuthorizationPolicy has a rule of its own. */
const selecting = [
  "Sidecar",
  "Telemetry",
  "RequestAuthentication",
  "PeerAuthentication",
  "WasmPlugin",
  "ProxyConfig",
  "EnvoyFilter",
  "DestinationRule",
] as const;

function selectionOf(resource: Resource<(typeof selecting)[number]>): Selection {
  const { selector, workloadSelector } = (resource.fields.spec ?? {}) as {
    selector?: LabelSelector;
    workloadSelector?: LabelSelector & { labels?: Record<string, string> };
  };
  switch (resource.shape) {
    case "Sidecar":
      return { selector: workloadSelector?.labels, field: "spec.workloadSelector", wide: false };
    case "EnvoyFilter":
      return { selector: workloadSelector?.labels, field: "spec.workloadSelector.labels", wide: true };
    case "DestinationRule":
      return { selector: workloadSelector?.matchLabels, field: "spec.workloadSelector.matchLabels", wide: false };
    case "PeerAuthentication":
      return { selector: selector?.matchLabels, field: "spec.selector.matchLabels", wide: false };
    default:
      return { selector: selector?.matchLabels, field: "spec.selector", wide: true };
  }
}

export const selectorMatchesWorkload = rule({
  name: "selector-matches-workload",
  description: "The selector of a resource that configures pods takes a workload of its namespace.",
  rationale: "A selector that takes nothing makes the resource a dead letter; selectors never reach another namespace.",
  fix: "Use labels of pods in the same namespace.",
  codes: ["IST0101", "KIA1006"],
  check({ mesh, each, missing }) {
    const declared = mesh.workloads.some(({ assumed }) => !assumed);
    const list = selecting.flatMap((shape): Resource<(typeof selecting)[number]>[] => mesh.of(shape));
    each(list, (resource) => {
      const { selector, field, wide } = selectionOf(resource);
      const { namespace } = resource;
      const where = wide && namespace === mesh.rootNamespace ? undefined : namespace;
      if (isEmpty(selector) || mesh.isOpaque(namespace) || mesh.selectedBy(selector, where).length > 0) {
        return;
      }
      const elsewhere = new Set(
        mesh
          .selectedBy(selector)
          .filter(({ assumed }) => !assumed)
          .map((one) => one.namespace),
      );
      missing(declared && !mesh.mayBeMade(namespace), resource, {
        field,
        message: `No workload in ${where === undefined ? "any namespace" : `namespace ${namespace}`} carries the labels ${selectorText(selector)}.`,
        fix:
          elsewhere.size === 0
            ? "Correct the labels."
            : `Move the resource to ${[...elsewhere].join(", ")}, where pods have them.`,
      });
    });
  },
});

export const targetReferenceExists = rule({
  name: "target-reference-exists",
  description: "What a policy refers to in targetRefs is declared in its namespace.",
  rationale: "A policy whose reference names nothing is attached to nothing: it protects nothing.",
  fix: "Correct the name, or move the policy to the namespace of what it refers to.",
  source: "reference/config/security/authorization-policy/",
  check({ mesh, each, missing }) {
    each(targetingPolicies(mesh), (policy) => {
      for (const { reference, field } of targetReferences(policy)) {
        const { kind = "", group = "", name = "" } = reference;
        const { namespace } = policy;
        const known = ["Gateway", "Service", "ServiceEntry"].includes(kind);
        if (!known || mesh.find(kind, group, namespace, name) !== undefined || mesh.isOpaque(namespace)) {
          continue;
        }
        const others = mesh.resources.filter((one) => one.kind === kind && one.group === group);
        const same = others.find((one) => one.name === name);
        const wrongGroup = kind === "Gateway" && group !== gatewayApiGroup;
        missing(others.length > 0 || wrongGroup, policy, {
          field: `${field}.name`,
          message: `It refers to ${kind} ${namespace}/${name}${group === "" ? "" : ` of ${group}`}, which is not declared.`,
          fix: wrongGroup
            ? "Write group gateway.networking.k8s.io: policies are attached to Gateways of the Gateway API only."
            : same === undefined
              ? "Correct the name."
              : `Move the policy to ${same.namespace}.`,
        });
      }
    });
  },
});

export const serviceSelectsPods = rule({
  name: "service-selects-pods",
  description: "The selector of a Service takes pods of its namespace.",
  rationale: "A Service without pods has no endpoints: every call to it fails with 503.",
  fix: "Use the labels of the pods.",
  codes: ["KIA0701"],
  source: "https://kubernetes.io/docs/concepts/services-networking/service/",
  check: eachOf("Service", (service, { mesh, missing }) => {
    const { selector, type } = service.fields.spec ?? {};
    const { namespace } = service;
    if (
      isEmpty(selector) ||
      type === "ExternalName" ||
      isIstioService(mesh, service) ||
      mesh.behind(service).length > 0
    ) {
      return;
    }
    const entries = [
      ...mesh.of("WorkloadEntry").map((one) => ({ one, labels: one.fields.spec?.labels })),
      ...mesh.of("WorkloadGroup").map((one) => ({ one, labels: one.fields.spec?.metadata?.labels })),
    ];
    if (entries.some(({ one, labels = {} }) => one.namespace === namespace && selects(selector, labels))) {
      return;
    }
    const beside = mesh.selectedBy(undefined, namespace).filter(({ assumed }) => !assumed);
    if (beside.length === 0) {
      // The pods of the whole namespace are elsewhere.
      return;
    }
    // Pods of one app may be left to another repository; those whose name nearly fits are the ones that are meant.
    const pairs = Object.entries(selector!);
    const meant = beside.find(({ labels, resource }) =>
      pairs.some(
        ([key, value]) =>
          resource.name === service.name ||
          (labels[key] !== undefined && nearest(value, [labels[key]]) !== undefined) ||
          (pairs.length > 1 && labels[key] === value),
      ),
    );
    missing(meant !== undefined && !mesh.mayBeMade(namespace), service, {
      field: "spec.selector",
      message: `No pod of namespace ${namespace} has the labels ${selectorText(selector)}, so the Service has no endpoints: calls fail with 503.`,
      fix:
        meant === undefined
          ? "Correct the selector."
          : `Correct the selector: the pods of ${meant.resource.kind} ${meant.resource.name} have ${selectorText(meant.labels)}.`,
    });
  }),
});

export const policyEffective = rule({
  name: "policy-effective",
  description: "A Sidecar resource does not aim at pods in ambient mode.",
  rationale: "In ambient mode there is no sidecar that a Sidecar resource could configure.",
  fix: "Remove the Sidecar, or inject the pods.",
  codes: ["IST0167"],
  check: eachOf("Sidecar", (resource, { mesh, report }) => {
    const selector = resource.fields.spec?.workloadSelector?.labels;
    const ambient = isEmpty(selector)
      ? isAmbient(mesh.namespace(resource.namespace))
      : mesh.selectedBy(selector, resource.namespace).some((workload) => isAmbientPod(mesh, workload));
    if (ambient) {
      report(resource, {
        field: isEmpty(selector) ? "metadata.namespace" : "spec.workloadSelector",
        message: `What it ${isEmpty(selector) ? `applies to, namespace ${resource.namespace},` : "selects"} is in ambient mode, where it has no effect.`,
        fix: "Remove it, or use sidecars there.",
      });
    }
  }),
});

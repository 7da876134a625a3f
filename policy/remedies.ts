/** Mistakes that can be mended without asking: what is meant is clear, and nothing else changes. */
import { injectLabel, revisionLabel } from "./mesh/names";
import { declaredProtocol, type NamedPort } from "./mesh/protocols";

/** Properties of a resource; changed in place, as the policy SDK has it. */
type Props = Record<string, unknown>;

/** Something that mends a resource. */
export interface Remedy {
  name: string;
  description: string;
  /** The rule whose findings it mends. */
  mends: string;
  /** Whether it is for resources of a type. */
  applies(type: string): boolean;
  /** Mends the properties in place; returns whether it changed anything. */
  mend(props: Props): boolean;
}

function child(parent: Props, key: string): Props {
  const is = parent[key];
  if (typeof is === "object" && is !== null) {
    return is as Props;
  }
  const made: Props = {};
  parent[key] = made;
  return made;
}

function read(parent: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (at as Props)[key] : undefined),
    parent,
  );
}

const injectLabelRemedy: Remedy = {
  name: "mend-inject-label-on-template",
  description: "Copies the labels that steer injection from a workload to its pod template.",
  mends: "inject-label-on-template",
  applies: (type) => /^kubernetes:(apps|batch)\/\w+:(Deployment|StatefulSet|DaemonSet|ReplicaSet|Job)$/.test(type),
  mend(props) {
    let changed = false;
    for (const label of [injectLabel, revisionLabel]) {
      const value = read(props, "metadata", "labels", label);
      const onPods = ["labels", "annotations"].some(
        (where) => read(props, "spec", "template", "metadata", where, label) !== undefined,
      );
      if (typeof value === "string" && !onPods && read(props, "spec", "template") !== undefined) {
        child(child(child(child(props, "spec"), "template"), "metadata"), "labels")[label] = value;
        changed = true;
      }
    }
    return changed;
  },
};

const portNameRemedy: Remedy = {
  name: "mend-port-name",
  description: "Names a Service's port after its appProtocol, where its name says no protocol or another one.",
  mends: "port-protocol-declared",
  applies: (type) => type === "kubernetes:core/v1:Service",
  mend(props) {
    const ports = read(props, "spec", "ports");
    let changed = false;
    for (const port of Array.isArray(ports) ? (ports as NamedPort[]) : []) {
      const protocol = port.appProtocol === undefined ? undefined : declaredProtocol({ appProtocol: port.appProtocol });
      const named = declaredProtocol({ name: port.name ?? "" });
      if (protocol !== undefined && named !== protocol) {
        // Port names are at most 63 characters of lower case, digits and dashes.
        const rest = named === undefined ? (port.name ?? "") : (port.name ?? "").split("-").slice(1).join("-");
        port.name = `${protocol.replace("_", "-")}${rest === "" ? "" : `-${rest}`}`.slice(0, 63);
        changed = true;
      }
    }
    return changed;
  },
};

/** All remedies. */
export const remedies: readonly Remedy[] = [injectLabelRemedy, portNameRemedy];

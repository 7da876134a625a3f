/** What other controllers make of custom resources: Secrets, Services and pods that no manifest declares. */
import { gatewayNameLabel, proxyName, systemNamespace } from "./names";
import { fqdn } from "./hosts";
import { makeResource, type Resource } from "./resource";
import { isMap } from "../../common/isMap";

/** What a path of keys and indices leads to; undefined where it leads nowhere. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (part, step) => (isMap(part) || Array.isArray(part) ? part[step as never] : undefined),
    value,
  );
}

/** A string that says something; undefined for all else. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A list; empty for all else. */
export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The names of the Secrets that a resource makes in its namespace. */
export function secretsMadeBy(resource: Resource): string[] {
  const { kind, group, name, fields } = resource;
  const made = (...names: (string | undefined)[]): string[] => names.flatMap((one) => one ?? []);
  switch (`${group}/${kind}`) {
    case "cert-manager.io/Certificate":
      return made(text(at(fields, "spec", "secretName")));
    case "external-secrets.io/ExternalSecret":
      return made(text(at(fields, "spec", "target", "name")) ?? name);
    case "bitnami.com/SealedSecret":
      return made(text(at(fields, "spec", "template", "metadata", "name")) ?? name);
    case "secrets.hashicorp.com/VaultStaticSecret":
    case "secrets.hashicorp.com/VaultDynamicSecret":
    case "secrets.hashicorp.com/VaultPKISecret":
      return made(text(at(fields, "spec", "destination", "name")));
    case "secrets-store.csi.x-k8s.io/SecretProviderClass":
      return list(at(fields, "spec", "secretObjects")).flatMap((one) => made(text(at(one, "secretName"))));
    case "networking.k8s.io/Ingress":
      return Object.keys(resource.annotations).some((key) => key.startsWith("cert-manager.io/"))
        ? list(at(fields, "spec", "tls")).flatMap((one) => made(text(at(one, "secretName"))))
        : [];
    case "gateway.networking.k8s.io/Gateway":
      return Object.keys(resource.annotations).some((key) => key.startsWith("cert-manager.io/"))
        ? list(at(fields, "spec", "listeners")).flatMap((one) =>
            list(at(one, "tls", "certificateRefs")).flatMap((ref) => made(text(at(ref, "name")))),
          )
        : [];
    default:
      return [];
  }
}

/** The hosts of Services that a resource makes, by full name. */
export function hostsMadeBy(resource: Resource): string[] {
  const { group, kind, name, fields } = resource;
  switch (`${group}/${kind}`) {
    case "serving.knative.dev/Service":
    case "serving.knative.dev/Route":
      return [fqdn(name, resource.namespace)];
    case "multicluster.x-k8s.io/ServiceImport":
      return [`${name}.${resource.namespace}.svc.clusterset.local`];
    case "flagger.app/Canary": {
      const of = text(at(fields, "spec", "service", "name")) ?? text(at(fields, "spec", "targetRef", "name")) ?? name;
      return [of, `${of}-canary`, `${of}-primary`].map((one) => fqdn(one, resource.namespace));
    }
    default:
      return [];
  }
}

/** The Deployment and Service that Istio makes for a Gateway of the Gateway API. */
function gatewayApiWorkload(gateway: Resource): Resource[] {
  const { name, namespace, fields } = gateway;
  const { spec = {} } = fields as Resource<"KubernetesGateway">["fields"];
  const { gatewayClassName = "", listeners = [], addresses = [] } = spec;
  const made = text(gateway.annotations["gateway.istio.io/name-override"]) ?? `${name}-${gatewayClassName}`;
  // One with the name of a Service for its address is served by the pods of that.
  if (gatewayClassName !== "istio" || addresses.some(({ type }) => type === "Hostname")) {
    return [];
  }
  const labels = { [gatewayNameLabel]: name, "istio.io/gateway-name": name };
  const ports = [
    { name: "status-port", port: 15021 },
    ...listeners.map((listener) => ({ name: listener.name ?? "", port: listener.port ?? 0 })),
  ];
  return workloadAndService({ name: made, namespace, labels, ports, installedBy: anotherController });
}

/** What `installedBy` says of resources that a controller makes of declared ones. */
export const anotherController = "another controller";

/** A port of a Service that is not declared, but worked out. */
export interface MadePort {
  name: string;
  port: number;
  targetPort?: number | string;
  protocol?: string;
}

/** What a Deployment and its Service are made from that something else installs. */
export interface MadeWorkload {
  name: string;
  namespace: string;
  labels: Record<string, string>;
  /** Default: the labels. */
  podLabels?: Record<string, string>;
  ports: readonly MadePort[];
  installedBy: string;
  urn?: string;
  dependencies?: readonly string[];
}

/** The Deployment of proxies, or of a control plane, and its Service. */
export function workloadAndService(made: MadeWorkload): [Resource, Resource] {
  const { name, namespace, labels, podLabels = labels, ports, ...origin } = made;
  const make = (kind: string, group: string, spec: object): Resource => {
    const value = { metadata: { name, namespace, labels: { ...labels } }, spec };
    return makeResource({ ...origin, kind, group, version: "v1", defaultNamespace: namespace, value });
  };
  const template = { metadata: { labels: { ...podLabels } }, spec: { containers: [{ name: proxyName }] } };
  return [
    make("Deployment", "apps", { template }),
    make("Service", "", { selector: { ...labels }, ports: ports.map((port) => ({ protocol: "TCP", ...port })) }),
  ];
}

/** The gateways that an IstioOperator installs: the ingress gateway of the default profile, and those that it names. */
function operatorGateways(operator: Resource): Resource[] {
  const components = at(operator.fields, "spec", "components");
  const profile = text(at(operator.fields, "spec", "profile")) ?? "default";
  const of = (kind: string, byDefault: boolean): Resource[] => {
    const named = list(at(components, kind));
    const usual = kind === "ingressGateways" ? "istio-ingressgateway" : "istio-egressgateway";
    const all =
      byDefault && !named.some((one) => at(one, "name") === usual) ? [{ name: usual, enabled: true }, ...named] : named;
    return all
      .filter((one) => at(one, "enabled") !== false)
      .flatMap((one) => {
        const name = text(at(one, "name")) ?? usual;
        const own = at(one, "label");
        const labels = { app: name, istio: name.replace(/^istio-/, ""), ...(isMap(own) ? own : {}) } as Record<
          string,
          string
        >;
        const ports = list(at(one, "k8s", "service", "ports")) as MadePort[];
        return workloadAndService({
          name,
          namespace: text(at(one, "namespace")) ?? systemNamespace,
          labels,
          ports: ports.length > 0 ? ports : usualGatewayPorts,
          installedBy: anotherController,
        });
      });
  };
  return [
    ...of("ingressGateways", ["default", "demo", "preview", "openshift"].includes(profile)),
    ...of("egressGateways", profile === "demo"),
  ];
}

/** The ports of a gateway as Istio's charts install it. */
export const usualGatewayPorts = [
  { name: "status-port", port: 15021 },
  { name: "http2", port: 80 },
  { name: "https", port: 443 },
];

/** The workloads and Services that Istio's own controllers make of a resource. */
export function resourcesMadeBy(resource: Resource): Resource[] {
  switch (`${resource.group}/${resource.kind}`) {
    case "gateway.networking.k8s.io/Gateway":
      return gatewayApiWorkload(resource);
    case "install.istio.io/IstioOperator":
      return operatorGateways(resource);
    default:
      return [];
  }
}

/** What an IstioOperator says of istiod; undefined for other resources. */
export function operatorOf(
  resource: Resource,
):
  { revision: string; values: Record<string, unknown>; meshConfig: Record<string, unknown>; cni: boolean } | undefined {
  if (resource.group !== "install.istio.io" || resource.kind !== "IstioOperator") {
    return undefined;
  }
  const map = (value: unknown): Record<string, unknown> => (isMap(value) ? value : {});
  const spec = at(resource.fields, "spec");
  return {
    revision: text(at(spec, "revision")) ?? "",
    values: map(at(spec, "values")),
    meshConfig: map(at(spec, "meshConfig")),
    cni: at(spec, "components", "cni", "enabled") === true,
  };
}

/** Groups of custom resources that make neither pods nor Services nor Secrets beyond those that are known here. */
const withoutPods =
  /^(cert-manager\.io|acme\.cert-manager\.io|external-secrets\.io|bitnami\.com|kyverno\.io|.*\.gatekeeper\.sh|keda\.sh|secrets\.hashicorp\.com|secrets-store\.csi\.x-k8s\.io|multicluster\.x-k8s\.io|.*\.fluxcd\.io|externaldns\.k8s\.io|snapshot\.storage\.k8s\.io|metallb\.io|cilium\.io|projectcalico\.org|crd\.projectcalico\.org|split\.smi-spec\.io|networking\.gke\.io|cloud\.google\.com|traefik\.io|install\.istio\.io|operator\.istio\.io|sailoperator\.io)$/;
const kindsWithoutPods = new Set([
  "ServiceMonitor",
  "PodMonitor",
  "Probe",
  "PrometheusRule",
  "ScrapeConfig",
  "AlertmanagerConfig",
  "AnalysisTemplate",
  "ClusterAnalysisTemplate",
  "Application",
  "ApplicationSet",
  "AppProject",
]);

/** Whether the objects that a resource's controller creates are unknown: they may be pods and Services. */
export function isUnjudged({ group, kind, shape }: Resource): boolean {
  const builtIn = !group.includes(".") || /(^|\.)k8s\.io$/.test(group) || /(^|\.)istio\.io$/.test(group);
  return shape === undefined && !builtIn && !withoutPods.test(group) && !kindsWithoutPods.has(kind);
}

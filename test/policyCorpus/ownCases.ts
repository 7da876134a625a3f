/**
 * Cases of our own for the codes of which Istio's tests, as far as the rules are developed against them, expect no
 * message. Each has manifests that earn the code and manifests that do not; where istioctl reads them from files, it
 * has to agree. Its analyzers, run on all of these manifests as its own tests run them (`AddTestReaderKubeSource`), say
 * the same of each, but for IST0103: that is said of a Pod as it runs, after injection, and here of what is declared
 * before.
 */

/** One code, and what earns it. */
export interface OwnCase {
  code: string;
  /** Manifests, as YAML. */
  breaks: string;
  /** `Kind namespace/name`, of all that the code is said of. */
  on: string[];
  /** The same, mended. */
  holds: string;
  /**
   * Whether `istioctl analyze --use-kube=false` says the code of these manifests, too; it reads no Namespaces, Services
   * and Pods.
   */
  istioctl: boolean;
}

/** A Namespace. */
function namespace(labels = "{}", name = "shop"): string {
  return `
apiVersion: v1
kind: Namespace
metadata: { name: ${name}, labels: ${labels} }
`;
}

/** A Pod without a sidecar of its own. */
function pod(containers = "[{ name: app, image: app:1.0 }]", labels = "{ app: a }"): string {
  return `
apiVersion: v1
kind: Pod
metadata: { name: a, namespace: shop, labels: ${labels} }
spec: { containers: ${containers} }
`;
}

/** A Deployment of pods labelled `app: a`. */
function deployment(containers = "[{ name: app, image: app:1.0 }]"): string {
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: a, namespace: shop }
spec:
  selector: { matchLabels: { app: a } }
  template:
    metadata: { labels: { app: a } }
    spec: { containers: ${containers} }
`;
}

/** A Service of the pods labelled `app: a`. */
function service(name: string, ports: string): string {
  return `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { selector: { app: a }, ports: ${ports} }
`;
}

/** A VirtualService of the mesh for host `a`. */
function route(http: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: a, namespace: shop }
spec: { hosts: [a], http: ${http} }
`;
}

/** An AuthorizationPolicy for pods with a label. */
function policy(app: string): string {
  return `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: a, namespace: shop }
spec: { selector: { matchLabels: { app: ${app} } } }
`;
}

/** The injector's webhook and what it injects with. */
function injector(enableNamespacesByDefault: boolean): string {
  const values = { sidecarInjectorWebhook: { enableNamespacesByDefault } };
  return `
apiVersion: v1
kind: ConfigMap
metadata: { name: istio-sidecar-injector, namespace: istio-system }
data: { values: '${JSON.stringify(values)}', config: "policy: enabled" }
`;
}

function all(...documents: string[]): string {
  return documents.join("---");
}

const enabled = namespace("{ istio-injection: enabled }");
const auto = "[{ name: istio-proxy, image: auto }]";
const http = "[{ name: http, port: 80, targetPort: 8080 }]";
const toA = "route: [{ destination: { host: a } }]";

/** One case for each code that Istio's tests leave open. */
export const ownCases: readonly OwnCase[] = [
  {
    code: "IST0102",
    breaks: all(namespace(), deployment()),
    on: ["Namespace shop"],
    holds: all(enabled, deployment()),
    istioctl: false,
  },
  {
    code: "IST0103",
    breaks: all(enabled, pod(undefined, '{ app: a, "sidecar.istio.io/inject": "false" }')),
    on: ["Pod shop/a"],
    holds: all(enabled, pod()),
    istioctl: false,
  },
  {
    code: "IST0106",
    breaks: route(`[{ timeout: -5s, ${toA} }]`),
    on: ["VirtualService shop/a"],
    holds: route(`[{ timeout: 5s, ${toA} }]`),
    istioctl: true,
  },
  {
    code: "IST0112",
    breaks: all(service("a", "[{ name: http, port: 80 }, { name: grpc, port: 90 }]"), route(`[{ ${toA} }]`)),
    on: ["VirtualService shop/a"],
    holds: all(
      service("a", "[{ name: http, port: 80 }, { name: grpc, port: 90 }]"),
      route("[{ route: [{ destination: { host: a, port: { number: 80 } } }] }]"),
    ),
    istioctl: false,
  },
  {
    code: "IST0116",
    breaks: all(
      enabled,
      deployment(),
      service("a", http),
      service("b", "[{ name: udp, port: 80, targetPort: 8080, protocol: UDP }]"),
    ),
    on: ["Deployment shop/a"],
    holds: all(enabled, deployment(), service("a", http)),
    istioctl: false,
  },
  {
    code: "IST0118",
    breaks: all(enabled, service("a", "[{ name: web, port: 80 }]")),
    on: ["Service shop/a"],
    holds: all(enabled, service("a", "[{ name: http-web, port: 80 }]")),
    istioctl: false,
  },
  {
    code: "IST0123",
    breaks: namespace('{ istio-injection: enabled, "istio.io/rev": canary }'),
    on: ["Namespace shop"],
    holds: enabled,
    istioctl: false,
  },
  {
    code: "IST0127",
    breaks: all(enabled, pod(), policy("b")),
    on: ["AuthorizationPolicy shop/a"],
    holds: all(enabled, pod(), policy("a")),
    istioctl: false,
  },
  {
    code: "IST0130",
    breaks: all(service("a", http), route(`[{ ${toA} }, { match: [{ uri: { prefix: /b } }], ${toA} }]`)),
    on: ["VirtualService shop/a"],
    holds: all(service("a", http), route(`[{ match: [{ uri: { prefix: /b } }], ${toA} }, { ${toA} }]`)),
    istioctl: true,
  },
  {
    code: "IST0131",
    breaks: all(
      service("a", http),
      route(
        `[{ match: [{ uri: { prefix: /b } }], ${toA} }, { match: [{ uri: { prefix: /b } }, { uri: { prefix: /c } }], ${toA} }]`,
      ),
    ),
    on: ["VirtualService shop/a"],
    holds: all(
      service("a", http),
      route(`[{ match: [{ uri: { prefix: /b } }], ${toA} }, { match: [{ uri: { prefix: /c } }], ${toA} }]`),
    ),
    istioctl: true,
  },
  {
    code: "IST0133",
    breaks: route(`[{ mirrorPercent: 10, mirror: { host: a }, ${toA} }]`),
    on: ["VirtualService shop/a"],
    holds: route(`[{ mirrorPercentage: { value: 10 }, mirror: { host: a }, ${toA} }]`),
    istioctl: true,
  },
  {
    code: "IST0137",
    breaks: all(
      enabled,
      deployment(),
      service("a", http),
      service("b", "[{ name: http, port: 81, targetPort: 8080 }]"),
    ),
    on: ["Deployment shop/a"],
    holds: all(enabled, deployment(), service("a", http), service("b", http)),
    istioctl: false,
  },
  {
    code: "IST0146",
    breaks: all(namespace("{ istio-injection: disabled }"), deployment(auto)),
    on: ["Deployment shop/a"],
    holds: all(enabled, injector(false), deployment()),
    istioctl: false,
  },
  {
    code: "IST0147",
    breaks: all(namespace("{ istio-injection: disabled }"), pod(auto)),
    on: ["Pod shop/a"],
    holds: all(enabled, injector(false), pod()),
    istioctl: false,
  },
  {
    code: "IST0148",
    breaks: all(injector(true), namespace(), deployment()),
    on: ["Namespace shop"],
    holds: all(injector(true), enabled, deployment()),
    istioctl: false,
  },
];

/** What the specs of rules share: a compliant stack, edits of it, and the tests that every rule has to pass. */
import assert from "node:assert/strict";
import { checkResources, type Outcome } from "../../policy/check";
import { unknown, type ProgramResource } from "../../policy/mesh/pulumi";
import type { Level, Rule } from "../../policy/rule";
import { rules } from "../../policy/rules/index";
import type { Settings } from "../../policy/settings";

export { unknown };

type Props = Record<string, unknown>;

/** One edit: which resource (`Kind name`), which field, and its new value; undefined takes the field away. */
export type Edit = readonly [resource: string, field: string, value?: unknown];

const tokens: Readonly<Record<string, string>> = {
  Release: "kubernetes:helm.sh/v3:Release",
  Namespace: "kubernetes:core/v1:Namespace",
  Service: "kubernetes:core/v1:Service",
  ServiceAccount: "kubernetes:core/v1:ServiceAccount",
  ConfigMap: "kubernetes:core/v1:ConfigMap",
  Secret: "kubernetes:core/v1:Secret",
  Pod: "kubernetes:core/v1:Pod",
  Deployment: "kubernetes:apps/v1:Deployment",
  StatefulSet: "kubernetes:apps/v1:StatefulSet",
  DaemonSet: "kubernetes:apps/v1:DaemonSet",
  ReplicaSet: "kubernetes:apps/v1:ReplicaSet",
  Job: "kubernetes:batch/v1:Job",
  CronJob: "kubernetes:batch/v1:CronJob",
  Rollout: "kubernetes:argoproj.io/v1alpha1:Rollout",
  Ingress: "kubernetes:networking.k8s.io/v1:Ingress",
  KubernetesGateway: "kubernetes:gateway.networking.k8s.io/v1:Gateway",
  HTTPRoute: "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
  ReferenceGrant: "kubernetes:gateway.networking.k8s.io/v1beta1:ReferenceGrant",
  CustomResourceDefinition: "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
  MutatingWebhookConfiguration: "kubernetes:admissionregistration.k8s.io/v1:MutatingWebhookConfiguration",
  PeerAuthentication: "kubernetes:security.istio.io/v1:PeerAuthentication",
  RequestAuthentication: "kubernetes:security.istio.io/v1:RequestAuthentication",
  AuthorizationPolicy: "kubernetes:security.istio.io/v1:AuthorizationPolicy",
  Telemetry: "kubernetes:telemetry.istio.io/v1:Telemetry",
  EnvoyFilter: "kubernetes:networking.istio.io/v1alpha3:EnvoyFilter",
};

function token(kind: string): string {
  return tokens[kind] ?? `kubernetes:networking.istio.io/v1:${kind}`;
}

/** Sets a field, or takes it away; the maps on the way to it are made as needed. */
function set(props: Props, field: string, value: unknown): void {
  const path = [...field.matchAll(/\["([^"]*)"\]|([^.[\]]+)/g)].map((match) => match[1] ?? match[2]!);
  const last = path.pop()!;
  const parent = path.reduce<Props>((at, key) => (at[key] ??= {}) as Props, props);
  if (value === undefined) {
    delete parent[last];
  } else {
    parent[last] = value;
  }
}

/** A Pulumi program's resources. */
export class Stack {
  /** @param resources Those of a program; they are edited in place. */
  constructor(readonly resources: ProgramResource[] = []) {}

  /** Adds a resource: `Kind name`, in namespace demo unless its metadata says otherwise. */
  add(title: string, props: Props, dependsOn: readonly string[] = []): this {
    const [kind = "", name = ""] = title.split(" ");
    if (kind !== "Release") {
      const cluster = ["Namespace", "CustomResourceDefinition", "MutatingWebhookConfiguration"].includes(kind);
      props["metadata"] = { name, ...(!cluster && { namespace: "demo" }), ...(props["metadata"] as Props | undefined) };
    }
    const dependencies = dependsOn.map((one) => this.find(one).urn!);
    const urn = `urn:pulumi:dev::mesh::${token(kind)}::${name}`;
    this.resources.push({ type: token(kind), name, urn, props, dependencies });
    return this;
  }

  find(title: string): ProgramResource {
    const [kind = "", name = ""] = title.split(" ");
    const found =
      this.resources.find((one) => one.type === token(kind) && one.name === name) ??
      this.resources.find((one) => one.type.endsWith(`:${kind}`) && one.name === name);
    assert.ok(found, `no ${title} in the stack`);
    return found;
  }

  remove(title: string): this {
    this.resources.splice(this.resources.indexOf(this.find(title)), 1);
    return this;
  }

  /** Makes edits: `+Kind name` adds a resource with the properties given, an empty field removes the resource. */
  edit(edits: readonly Edit[]): this {
    for (const [title, field, value] of edits) {
      if (title.startsWith("+")) {
        this.add(title.slice(1), structuredCloneOf(value) as Props);
      } else if (field === "") {
        this.remove(title);
      } else if (field === "dependencies") {
        this.find(title).dependencies = value as string[];
      } else {
        set(this.find(title).props, field, structuredCloneOf(value));
      }
    }
    return this;
  }

  check(settings: Partial<Settings> = {}): Outcome {
    return checkResources(this.resources, settings);
  }
}

/** A deep copy that keeps the mark for unknown values. */
function structuredCloneOf(value: unknown): unknown {
  return typeof value === "symbol" ? value : structuredClone(value);
}

function podTemplate(app: string, image: string, containerPort: number): Props {
  return {
    metadata: { labels: { app, version: "v1" } },
    spec: { serviceAccountName: app, containers: [{ name: app, image, ports: [{ containerPort }] }] },
  };
}

/**
 * A stack that breaks no rule: Istio, a namespace in the mesh, services of several kinds, routing, policy, telemetry.
 */
export function compliant(): Stack {
  const stack = new Stack()
    .add("Release base", { chart: "base", name: "istio-base", namespace: "istio-system" })
    .add("Release istiod", { chart: "istiod", name: "istiod", namespace: "istio-system", values: {} }, ["Release base"])
    .add("Release gateway", { chart: "gateway", name: "istio-ingressgateway", namespace: "istio-system", values: {} }, [
      "Release istiod",
    ])
    .add("Namespace demo", { metadata: { labels: { "istio-injection": "enabled" } } }, ["Release istiod"])
    .add("Namespace tools", { metadata: { labels: { "istio-injection": "disabled" } } })
    .add("PeerAuthentication default", { spec: { mtls: { mode: "STRICT" } } });
  const waits = ["Release istiod", "Namespace demo"];
  for (const app of ["user", "payment"]) {
    stack
      .add(`ServiceAccount ${app}`, {})
      .add(
        `Deployment ${app}`,
        {
          metadata: { labels: { app } },
          spec: { selector: { matchLabels: { app } }, template: podTemplate(app, "hashicorp/http-echo:1.0.0", 8080) },
        },
        waits,
      )
      .add(`Service ${app}`, { spec: { selector: { app }, ports: [{ name: "http", port: 80, targetPort: 8080 }] } });
  }
  return stack
    .add("ServiceAccount store", {})
    .add("StatefulSet store", { spec: { template: podTemplate("store", "redis:7.2.4", 6379) } }, waits)
    .add("Service store", { spec: { selector: { app: "store" }, ports: [{ name: "redis", port: 6379 }] } })
    .add("Job migrate", { spec: { template: podTemplate("migrate", "example/migrate:1.4", 9000) } }, waits)
    .add(
      "CronJob report",
      { spec: { jobTemplate: { spec: { template: podTemplate("report", "a/report:2.0", 9000) } } } },
      waits,
    )
    .add("ServiceEntry api", {
      spec: {
        hosts: ["api.example.com"],
        ports: [{ number: 443, name: "http-tls", protocol: "HTTP" }],
        resolution: "DNS",
        location: "MESH_EXTERNAL",
      },
    })
    .add("DestinationRule api", {
      spec: {
        host: "api.example.com",
        trafficPolicy: { tls: { mode: "SIMPLE", caCertificates: "/etc/ssl/certs/ca-certificates.crt" } },
      },
    })
    .add("DestinationRule payment", {
      spec: {
        host: "payment",
        trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } },
        subsets: [{ name: "v1", labels: { version: "v1" } }],
      },
    })
    .add("Gateway entry", {
      spec: {
        selector: { istio: "ingressgateway" },
        servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
      },
    })
    .add(
      "VirtualService entry",
      {
        spec: {
          hosts: ["shop.example.com"],
          gateways: ["entry"],
          http: [
            {
              match: [{ uri: { exact: "/user" } }],
              route: [{ destination: { host: "user", port: { number: 80 } } }],
              retries: { attempts: 2, perTryTimeout: "2s" },
              timeout: "5s",
            },
            { match: [{ uri: { prefix: "/payment" } }], route: [{ destination: { host: "payment", subset: "v1" } }] },
          ],
        },
      },
      ["DestinationRule payment"],
    )
    .add(
      "VirtualService payment",
      { spec: { hosts: ["payment"], http: [{ route: [{ destination: { host: "payment", subset: "v1" } }] }] } },
      ["DestinationRule payment"],
    )
    .add("VirtualService admin", {
      spec: {
        hosts: ["admin.example.com"],
        gateways: ["entry"],
        http: [
          {
            match: [{ headers: { "@request.auth.claims.group": { exact: "admin" } } }],
            route: [{ destination: { host: "user" } }],
          },
        ],
      },
    })
    .add("RequestAuthentication gateway", {
      metadata: { namespace: "istio-system" },
      spec: {
        selector: { matchLabels: { istio: "ingressgateway" } },
        jwtRules: [{ issuer: "https://issuer.example.com", jwksUri: "https://issuer.example.com/keys" }],
      },
    })
    .add("AuthorizationPolicy payment", {
      spec: {
        selector: { matchLabels: { app: "payment" } },
        action: "ALLOW",
        rules: [
          {
            from: [{ source: { principals: ["cluster.local/ns/demo/sa/user"] } }, { source: { namespaces: ["demo"] } }],
          },
        ],
      },
    })
    .add("Sidecar default", { spec: { egress: [{ hosts: ["./*", "istio-system/*"] }] } })
    .add("Telemetry default", {
      spec: { accessLogging: [{ providers: [{ name: "envoy" }] }], tracing: [{ randomSamplingPercentage: 1 }] },
    })
    .add("EnvoyFilter limit", {
      spec: {
        workloadSelector: { labels: { app: "user" } },
        configPatches: [
          {
            applyTo: "HTTP_FILTER",
            match: {},
            patch: { operation: "INSERT_FIRST", value: { name: "envoy.filters.http.local_ratelimit" } },
          },
        ],
      },
    });
}

/** A way to break a rule. */
export interface Violation {
  it: string;
  edits: readonly Edit[];
  /** The resource that the finding names. */
  on: string;
  code?: string;
  /** Where the finding is not at the rule's default level. */
  level?: Level;
  settings?: Partial<Settings>;
}

/** What the spec of a rule states; the first violation also serves the tests of levels and exclusions. */
export interface Spec {
  violations: readonly [Violation, ...Violation[]];
  /** Edits that break nothing: a field that is not there, an exception that the rule makes. */
  passes?: readonly { it: string; edits: readonly Edit[]; settings?: Partial<Settings> }[];
  /** An edit that makes a value unknown, and the resource that cannot be judged then. */
  unknown: { edits: readonly Edit[]; on: string };
  /**
   * Where nothing is said of some values before they are known: a single value of a program has the type of its field.
   */
  silent?: true;
}

/** @returns a rule's findings after some edits. */
function run(rule: Rule, edits: readonly Edit[], settings: Partial<Settings> = {}): Outcome {
  const { findings, undetermined } = compliant().edit(edits).check(settings);
  const own = <T extends { rule: string }>(list: T[]): T[] => list.filter((one) => one.rule === rule.name);
  return { findings: own(findings), undetermined: own(undetermined) };
}

/** Edits with the value of the last one hidden; undefined where that one adds or takes away. */
function hide(edits: readonly Edit[]): Edit[] | undefined {
  const [title, field, value] = edits.at(-1)!;
  return title.startsWith("+") || field === "" || field === "dependencies" || value === undefined
    ? undefined
    : [...edits.slice(0, -1), [title, field, unknown]];
}

/** Declares the tests of a rule. */
export function specify(rule: Rule, spec: Spec): void {
  const defaultLevel = typeof rule.level === "string" ? rule.level : rule.level.dev;
  describe(rule.name, () => {
    it("passes the compliant stack", () => {
      assert.deepEqual(run(rule, []), { findings: [], undetermined: [] });
    });

    for (const { it: title, edits, on, code, level, settings } of spec.violations) {
      it(title, () => {
        const { findings } = run(rule, edits, settings);
        const found = findings.find(({ resource, code: is }) => resource === on && (code === undefined || is === code));
        assert.ok(found, `expected a finding on ${on}, got ${JSON.stringify(findings)}`);
        assert.equal(found.level, level ?? defaultLevel);
        assert.match(found.message, /^\S.* \S.*[.]$/s, "says why and how to mend it");
        assert.ok(found.urn, "names the resource for Pulumi");
      });
    }

    for (const { it: title, edits, settings } of spec.passes ?? []) {
      it(title, () => {
        assert.deepEqual(run(rule, edits, settings).findings, []);
      });
    }

    it("leaves alone what is known only after deployment, and says so", () => {
      const { findings, undetermined } = run(rule, spec.unknown.edits);
      assert.deepEqual(findings, []);
      assert.ok(
        undetermined.some(({ resource }) => resource === spec.unknown.on),
        `expected ${spec.unknown.on} to be undetermined, got ${JSON.stringify(undetermined)}`,
      );
    });

    it("says of no value that it breaks the rule before it is known", () => {
      for (const { edits, on, settings, it: title } of spec.violations) {
        const hidden = hide(edits);
        if (hidden === undefined) {
          continue;
        }
        const { findings, undetermined } = run(rule, hidden, settings);
        assert.ok(!findings.some(({ resource }) => resource === on), `${title}: ${JSON.stringify(findings)}`);
        assert.ok(spec.silent || undetermined.length > 0, `${title}: nothing is said of what cannot be judged`);
      }
    });

    it("follows its level and the exclusions of the settings", () => {
      const [{ edits, on, settings }] = spec.violations;
      const level = defaultLevel === "mandatory" ? "advisory" : "mandatory";
      const with_ = (more: Partial<Settings>): Outcome => run(rule, edits, { ...settings, ...more });
      assert.deepEqual(with_({ levels: { [rule.name]: "disabled" } }).findings, []);
      const changed = with_({ levels: { [rule.name]: level } }).findings.find(({ resource }) => resource === on);
      assert.equal(changed?.level, level);
      const name = on.split(" ")[1]!;
      const excluded = { namespaces: [], names: [name] };
      assert.deepEqual(
        with_({ exclude: excluded }).findings.filter(({ resource }) => resource === on),
        [],
      );
    });
  });
}

/** All rules, so that a spec of the whole needs no further import. */
export { rules };

/** An HTTPRoute of a gateway to a Service, and what more its rule says. */
export const httpRoute = (name: string, service: string, rule: object = {}): Edit => [
  `+HTTPRoute ${name}`,
  "",
  {
    spec: {
      parentRefs: [{ name: "edge", namespace: "istio-system" }],
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: "/v2" } }],
          backendRefs: [{ name: service, port: 80 }],
          ...rule,
        },
      ],
    },
  },
];

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { projectFolder } from "../../commands/session/stackFiles";
import { withoutSecretMarks } from "../support/declare";

interface Raw {
  secretText: string;
  resources: { type: string; name: string; inputs: any }[];
  outputs: { name: string; value: unknown; secret: boolean }[];
}

/** The program with everything that has a secret switched on, as the engine sees it. */
function rawProgram(): Raw {
  const services = [
    { name: "a", path: "/a", env: { TOKEN: "s3cr3t-from-config" }, versions: [{ version: "v1" }] },
    { name: "b", allowFrom: ["a"], globalRateLimit: { requests: 1, unit: "second" } },
  ];
  const settings = {
    gatewaySelfSigned: "true",
    gatewayAddress: "mesh.example.com",
    kiali: "true",
    grafana: "true",
    loadGenerator: "true",
    services: JSON.stringify(services),
  };
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["--require", "./loader.cjs", "test/support/rawProgram.ts", "prod", JSON.stringify(settings)],
    {
      cwd: projectFolder,
      encoding: "utf8",
      maxBuffer: 2 ** 26,
      env: { ...process.env, KUBECONFIG: "/nonexistent", PULUMI_CONFIG_SECRET_KEYS: '["sidecar-mesh:services"]' },
    },
  );
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Raw;
}

/** The mark of the SDK's wire format for a secret. */
const secretMark = "1b47061264138c4ac30d75fd1eb44270";

/** @returns a copy in which everything that is marked secret is gone. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutSecrets);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  return Object.values(value).includes(secretMark)
    ? "[secret]"
    : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutSecrets(item)]));
}

/**
 * What our components may do in the cluster, each with the reason. Istio's own charts bring their own roles. A right
 * that is not here is not granted; one that is here and not needed any more is to be removed from both.
 */
const rights: { role: string; may: string; on: string; why: string }[] = [
  {
    role: "ClusterRole sidecar-mesh-prometheus",
    may: "list, watch",
    on: "pods",
    why: "finds the proxies, istiod and the backends that it scrapes",
  },
  {
    role: "ClusterRole sidecar-mesh-kiali",
    may: "get, list, watch",
    on: "configmaps, endpoints, namespaces, pods, pods/log, replicationcontrollers, services",
    why: "draws services and workloads, shows their logs, reads Istio's mesh config",
  },
  {
    role: "ClusterRole sidecar-mesh-kiali",
    may: "get, list, watch",
    on: "apps: daemonsets, deployments, replicasets, statefulsets",
    why: "draws workloads",
  },
  {
    role: "ClusterRole sidecar-mesh-kiali",
    may: "get, list, watch",
    on: "batch: cronjobs, jobs",
    why: "draws workloads",
  },
  {
    role: "ClusterRole sidecar-mesh-kiali",
    may: "get, list, watch",
    on:
      "networking.istio.io: destinationrules, envoyfilters, gateways, proxyconfigs, serviceentries, sidecars, " +
      "virtualservices, workloadentries, workloadgroups",
    why: "shows and checks the declared traffic",
  },
  {
    role: "ClusterRole sidecar-mesh-kiali",
    may: "get, list, watch",
    on: "security.istio.io: authorizationpolicies, peerauthentications, requestauthentications",
    why: "shows and checks the declared security",
  },
  {
    role: "ClusterRole sidecar-mesh-kiali",
    may: "get, list, watch",
    on: "extensions.istio.io: wasmplugins",
    why: "shows what is declared",
  },
  {
    role: "ClusterRole sidecar-mesh-kiali",
    may: "get, list, watch",
    on: "telemetry.istio.io: telemetries",
    why: "shows what is declared",
  },
  {
    role: "ClusterRole sidecar-mesh-kiali",
    may: "get, list, watch",
    on:
      "gateway.networking.k8s.io: gatewayclasses, gateways, grpcroutes, httproutes, referencegrants, tcproutes, " +
      "tlsroutes",
    why: "shows and checks the declared traffic, where the Gateway API is installed",
  },
  {
    role: "ClusterRole sidecar-mesh-kiali",
    may: "get, list, watch",
    on: "admissionregistration.k8s.io: mutatingwebhookconfigurations",
    why: "finds the revision that injects a namespace",
  },
  {
    role: "ClusterRole sidecar-mesh-kiali",
    may: "create",
    on: "authentication.k8s.io: tokenreviews",
    why: "checks the token of a user who logs in (prod; dev has no login, and Kiali lacks this right there)",
  },
  {
    role: "Role istio-system/sidecar-mesh-kiali",
    may: "create",
    on: "pods/portforward",
    why: "asks istiod's debug port which proxies are in sync",
  },
];

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

describe("security", () => {
  let raw: Raw;
  before(() => (raw = rawProgram()));

  it("grants what the table gives a reason for, and nothing more", () => {
    const granted = raw.resources
      .filter(({ type }) => /:(Cluster)?Role$/.test(type))
      .flatMap(({ type, inputs: { metadata, rules } }) =>
        (rules as Rule[]).map(({ apiGroups, resources, verbs }) => {
          const group = apiGroups.join() === "" ? "" : `${apiGroups.join()}: `;
          const name = metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;
          return [`${type.split(":").at(-1)} ${name}`, verbs.join(", "), group + resources.join(", ")];
        }),
      );
    assert.deepEqual(
      granted.map((one) => one.join(" | ")).sort(),
      rights.map(({ role, may, on }) => [role, may, on].join(" | ")).sort(),
    );
  });

  it("gives a token of the API server to these workloads only", () => {
    const withRole = ["kiali", "prometheus"];
    const withToken = raw.resources
      .filter(({ type }) => /:(Deployment|StatefulSet|DaemonSet)$/.test(type))
      .map(({ inputs }) => withoutSecretMarks(inputs) as any)
      .filter((inputs) => inputs.spec.template.spec.automountServiceAccountToken !== false)
      .map((inputs) => inputs.metadata.name as string);
    assert.deepEqual(withToken.sort(), withRole);
  });

  it("runs every container of ours as a user other than root, without privileges or capabilities", () => {
    const workloads = raw.resources
      .filter(({ type }) => /:(Deployment|StatefulSet|DaemonSet)$/.test(type))
      .map(({ inputs }) => withoutSecretMarks(inputs) as any);
    const names = workloads.map(({ metadata }) => metadata.name as string).sort();
    assert.deepEqual(names, [
      ...["a-v1", "b", "grafana", "jaeger", "kiali", "load-generator", "log-agent", "loki", "prometheus"],
      ...["ratelimit", "redis"],
    ]);
    for (const { metadata, spec } of workloads) {
      const pod = spec.template.spec;
      assert.deepEqual(pod.securityContext.seccompProfile, { type: "RuntimeDefault" }, metadata.name);
      assert.ok(!pod.hostNetwork && !pod.hostPID && !pod.hostIPC, metadata.name);
      for (const container of [...pod.containers, ...(pod.initContainers ?? [])]) {
        const own = container.securityContext;
        const where = `${metadata.name}/${container.name}`;
        assert.equal(own.runAsNonRoot ?? pod.securityContext.runAsNonRoot, true, where);
        assert.ok((own.runAsUser ?? pod.securityContext.runAsUser) > 0, where);
        assert.deepEqual(
          [own.allowPrivilegeEscalation, own.readOnlyRootFilesystem, own.privileged, own.capabilities],
          [false, true, undefined, { drop: ["ALL"] }],
          where,
        );
      }
    }
  });

  it("asks for a login at Kiali and at Grafana", () => {
    const config = (name: string) => {
      const { inputs } = raw.resources.find((one) => /:(ConfigMap|Secret)$/.test(one.type) && one.name === name)!;
      return withoutSecretMarks(inputs) as any;
    };
    const kiali = JSON.parse(config("observability-kiali-config").stringData["config.yaml"]);
    assert.equal(kiali.auth.strategy, "token");
    assert.deepEqual(kiali.external_services.grafana, { enabled: false });
    const grafana: string = config("observability-grafana-config").data["grafana.ini"];
    assert.match(grafana, /^allow_sign_up = false$/m);
    assert.doesNotMatch(grafana, /auth\.anonymous/);
  });

  it("limits who reaches each pod of the observability namespace", () => {
    const policies = raw.resources
      .filter(({ type }) => type.endsWith(":NetworkPolicy"))
      .map(({ inputs }) => withoutSecretMarks(inputs) as any)
      .filter(({ metadata }) => metadata.namespace === "observability");
    assert.deepEqual(policies.map(({ metadata }) => metadata.name).sort(), ["kiali", "logs", "own-pods", "spans"]);
    for (const { metadata, spec } of policies) {
      const peers = spec.ingress.flatMap(({ from }: { from: unknown[] }) => from);
      assert.ok(
        peers.every((peer: any) => peer.podSelector ?? peer.namespaceSelector?.matchLabels),
        metadata.name,
      );
    }
  });

  it("marks every secret, wherever it goes", () => {
    const open = raw.resources.map(({ name, inputs }) => [name, JSON.stringify(withoutSecrets(inputs))] as const);
    assert.deepEqual(
      open.filter(([, text]) => /s3cr3t|PRIVATE KEY/.test(text)).map(([name]) => name),
      [],
    );
    const secrets = raw.resources.filter(({ type }) => type.endsWith(":Secret"));
    assert.deepEqual(secrets.map(({ name }) => name).sort(), [
      "gateway-secret",
      "observability-grafana-admin",
      "observability-kiali-config",
    ]);
    for (const { name, inputs } of secrets) {
      assert.equal((withoutSecrets(inputs) as { stringData: unknown }).stringData, "[secret]", name);
    }
    // And they are where they should be: the test would find nothing in a program without secrets.
    assert.ok(JSON.stringify(secrets).includes(raw.secretText));
    assert.ok(JSON.stringify(raw.resources).includes("s3cr3t-from-config"));
  });

  it("puts secrets in secret outputs alone", () => {
    const telling = raw.outputs.filter(({ value }) => JSON.stringify(value)?.includes("s3cr3t"));
    assert.deepEqual(
      telling.map(({ name, secret }) => ({ name, secret })),
      [{ name: "grafanaPassword", secret: true }],
    );
  });
});

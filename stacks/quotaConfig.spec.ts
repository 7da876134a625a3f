import assert from "node:assert/strict";
import type { Declared } from "../test/support/declare";
import { wholeProgram } from "../test/support/wholeProgram";
import { configNamespace, parseConfig } from "./config";
import { Notes } from "./configReader";
import type { PlannedPods } from "./quotaConfig";
import { plannedObjects, plannedPods, rejectSmallQuota } from "./quotaConfig";

const services = [
  { name: "plain", path: "/plain", allowFrom: ["calling"], resources: { limits: { memory: "64Mi" } } },
  { name: "calling", path: "/calling", calls: [{ path: "/calling/plain", service: "plain" }] },
  { name: "writer", logFiles: { folder: "/var/log/app" } },
  {
    name: "versions",
    path: "/versions",
    replicas: 2,
    versions: [
      { version: "v1", text: "one" },
      { version: "v2", text: "two", replicas: 4 },
    ],
  },
];

/** Configurations whose pods differ, by what is in them. */
const configs: Record<string, Record<string, string>> = {
  "both echo services": {},
  "no load": { loadGenerator: "false" },
  "no logs": { logsBackend: "none" },
  "callers, files of logs and versions": { services: JSON.stringify(services) },
};

/** A configuration whose versions have Services of their own. */
const httpRoutes = { ingressApi: "gateway", services: JSON.stringify(services) };

/** Containers that the injector adds, which are not declared. */
const injected = ["istio-proxy", "istio-init"];

/** @returns resources of containers by name, but for those that set none of a kind. */
function named(containers: readonly { name: string; resources?: object }[] = []) {
  return containers.map(({ name, resources = {} }) => [
    name,
    Object.fromEntries(Object.entries(resources).filter(([, amounts]) => Object.keys(amounts as object).length > 0)),
  ]);
}

function declaredPods(resources: readonly Declared[]) {
  return resources
    .filter(({ type, inputs }) => type === "kubernetes:apps/v1:Deployment" && inputs.metadata.namespace === "demo")
    .map(({ inputs: { metadata, spec } }) => {
      const { containers, initContainers = [] } = spec.template.spec;
      return { workload: metadata.name, containers: named([...initContainers, ...containers]).sort() };
    });
}

const byName = (a: { workload: string }, b: { workload: string }) => (a.workload < b.workload ? -1 : 1);

describe("pods that a quota has to have room for", () => {
  for (const [title, settings] of Object.entries(configs)) {
    it(`are those that the program declares: ${title}`, async () => {
      const { resources } = await wholeProgram("dev", settings);
      const raw = Object.entries(settings).map(([key, value]) => [`${configNamespace}:${key}`, value]);
      const planned = plannedPods(parseConfig(Object.fromEntries(raw) as Record<string, string>));
      for (const { containers } of planned) {
        assert.deepEqual(
          injected.filter((name) => !(name in containers)),
          [],
        );
      }
      const own = planned.map(({ workload, containers }) => ({
        workload,
        containers: named(Object.entries(containers).map(([name, resources]) => ({ name, resources })))
          .filter(([name]) => !injected.includes(name as string))
          .sort(),
      }));
      assert.deepEqual(own.sort(byName), declaredPods(resources).sort(byName));
    });
  }

  const countedBy = { configmaps: "ConfigMap", services: "Service", serviceaccounts: "ServiceAccount" };
  for (const [title, settings] of Object.entries({ ...configs, "HTTPRoutes to versions": httpRoutes })) {
    it(`are beside as many objects as the program declares: ${title}`, async () => {
      const { resources } = await wholeProgram("dev", settings);
      const raw = Object.entries(settings).map(([key, value]) => [`${configNamespace}:${key}`, value]);
      const config = parseConfig(Object.fromEntries(raw) as Record<string, string>);
      const planned = plannedObjects(config, plannedPods(config));
      const declared = (kind: string) =>
        resources.filter(({ type, inputs }) => type.endsWith(`:${kind}`) && inputs.metadata.namespace === "demo")
          .length;
      for (const [name, kind] of Object.entries({ ...countedBy, "deployments.apps": "Deployment" })) {
        const ofCluster = { configmaps: 2, serviceaccounts: 1 }[name] ?? 0;
        assert.equal(planned[name], declared(kind) + ofCluster, name);
      }
      assert.equal(planned["replicasets.apps"], 2 * declared("Deployment"));
    });
  }

  it("are counted with the one more of a rollout, by version, replicas and autoscaling's minimum", () => {
    const counted = (key: string, value: string) =>
      plannedPods(parseConfig({ [`${configNamespace}:${key}`]: value })).map(({ workload, pods }) => [workload, pods]);
    assert.deepEqual(counted("services", JSON.stringify(services)), [
      ["plain", 2],
      ["calling", 2],
      ["writer", 2],
      ["versions-v1", 3],
      ["versions-v2", 5],
      ["load-generator", 2],
    ]);
    assert.deepEqual(counted("profile", "prod"), [
      ["user-service", 3],
      ["payment-service", 3],
    ]);
  });
});

describe("a quota for pods", () => {
  const resources = { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "128Mi" } };
  const pods: PlannedPods[] = [
    { workload: "a", pods: 2, containers: { a: resources, "istio-proxy": resources, "istio-init": resources } },
  ];
  const fixesOf = (quota: Record<string, string>, planned = pods) => {
    const notes = new Notes();
    rejectSmallQuota(notes, quota, planned, { pods: 2, services: 1, "replicasets.apps": 2 });
    return notes.problems.map(({ fix }) => fix);
  };

  it("has to be what they ask for, where an init container is done before the others", () => {
    const enough = { pods: "2", services: "1", "requests.cpu": "400m", cpu: "0.4", "requests.memory": "256Mi" };
    assert.deepEqual(fixesOf({ ...enough, "limits.memory": "512Mi", "count/jobs.batch": "0" }), []);
    const rollout = ", with one more pod of each Deployment while it is rolled out; use that or more";
    for (const [name, amount, need] of [
      ["pods", "1", `2${rollout}`],
      ["services", "0", "1; use that or more"],
      ["count/services", "0", "1; use that or more"],
      ["count/pods", "1", `2${rollout}`],
      ["count/replicasets.apps", "1", `2${rollout}`],
      ["requests.cpu", "399m", `400m${rollout}`],
      ["cpu", "0.399", `400m${rollout}`],
      ["limits.memory", "511Mi", `512Mi${rollout}`],
    ] as const) {
      assert.deepEqual(fixesOf({ [name]: amount }), [`the stack itself needs ${need}`], name);
    }
  });

  it("counts nothing that a container leaves open", () => {
    const start = "Kubernetes refuses pods that leave this open, and container a of a";
    assert.deepEqual(fixesOf({ "limits.cpu": "9" }), [
      `${start} and 2 more sets no cpu in limits; remove this entry, or use requests.cpu`,
    ]);
    const one = [{ workload: "a", pods: 1, containers: { a: { limits: { cpu: "1" } } } }];
    assert.deepEqual(fixesOf({ "limits.memory": "1Gi" }, one), [
      `${start} sets no memory in limits; remove this entry`,
    ]);
    // A limit stands for the request as well.
    assert.deepEqual(fixesOf({ "requests.cpu": "1" }, one), []);
    assert.deepEqual(fixesOf({ "requests.memory": "1Gi" }, one), [
      `${start} sets no memory in requests; remove this entry`,
    ]);
  });
});

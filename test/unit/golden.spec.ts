import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { projectFolder } from "../../commands/session/stackFiles";
import { isMap } from "../../common/isMap";
import { istioVersion } from "../../components/versions";
import { parseDeclared } from "../../stacks/declaredText";
import type { Declared } from "../support/declare";
import { wholeProgram } from "../support/wholeProgram";

/** Settings that have every part of the program declare what it declares only if asked. */
const everything = {
  kubeContext: "acme",
  clusterKind: "remote",
  istioCni: "true",
  istioCanary: JSON.stringify({ revision: "next", version: istioVersion }),
  egressGateway: "true",
  gatewayHosts: '["shop.example", "*.shop.example"]',
  gatewayIssuer: "ClusterIssuer/letsencrypt",
  gatewayAnnotations: '{"service.example.com/size": "small"}',
  outboundTraffic: "REGISTRY_ONLY",
  externalHosts: '[{"host": "api.example.com", "port": 443, "protocol": "TLS"}]',
  networkPolicy: "true",
  metricsRemoteWrite: '["https://metrics.example/write"]',
  alertWebhookUrl: "https://chat.example/hook",
  tracingStorage: "elasticsearch",
  tracingStorageUrl: "http://elasticsearch.elastic.svc.cluster.local:9200",
  logsBucket: "acme-logs",
  logsBucketUrl: "https://s3.example",
  loadGenerator: "true",
  services: JSON.stringify([
    {
      name: "shop",
      path: "/shop",
      calls: [{ path: "/shop/orders", service: "orders" }],
      timeout: "5s",
      retries: { attempts: 2, perTryTimeout: "2s", retryOn: "5xx" },
      circuitBreaker: { maxConnections: 100, maxPendingRequests: 50, consecutive5xx: 5, baseEjectionTime: "30s" },
      rateLimit: { tokens: 100, fillInterval: "1s", burst: 200 },
      globalRateLimit: { requests: 5000, unit: "minute" },
      versions: [
        { version: "v1", weight: 90 },
        { version: "v2", weight: 10, replicas: 1 },
      ],
      canary: { header: "x-canary", value: "yes", version: "v2" },
      mirror: { version: "v2", percent: 5 },
      fault: { delay: { percent: 10, duration: "2s" }, abort: { percent: 1, status: 503 } },
      jwt: { issuer: "https://login.example", jwksUri: "https://login.example/keys", paths: ["/shop"] },
      slo: { success: 99.9, latency: "250ms" },
    },
    {
      name: "orders",
      image: "registry.example/orders:1.4.2",
      args: ["--verbose"],
      env: { LOG_LEVEL: "info" },
      probePath: "/healthz",
      user: 101,
      writablePaths: ["/tmp"],
      logFiles: { folder: "/var/log/orders", files: "*.log" },
      extAuthz: { url: "http://authz.auth.svc.cluster.local:9000", requestHeaders: ["cookie"], timeout: "500ms" },
    },
  ]),
};

const programs: Record<string, { stack: string; settings: Record<string, string> }> = {
  dev: { stack: "dev", settings: { kubeContext: "minikube", clusterKind: "minikube" } },
  everything: { stack: "prod", settings: everything },
  others: {
    stack: "dev",
    settings: {
      kubeContext: "kind-a",
      clusterKind: "kind",
      articleNames: "true",
      upstreamEnvoy: "true",
      dashboardsExposed: "true",
      tracingBackend: "zipkin",
      logsBackend: "elasticsearch",
      logsUrl: "https://logs.example:9200",
      ingressApi: "gateway",
      mutualTls: "PERMISSIVE",
      defaultDeny: "false",
    },
  },
};

/** Not for a golden file: the provider has paths of this machine, and dashboards have tests of their own. */
const leftOut = (resource: Declared) => /^pulumi:/.test(resource.type) || resource.name.includes("dashboards");

/** @returns the value as a reader wants it: a text of JSON as what it holds. */
function readable(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(readable);
  }
  if (isMap(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, readable(one)]));
  }
  if (typeof value === "string" && /^[{[]/.test(value)) {
    try {
      return readable(JSON.parse(value));
    } catch {
      return value;
    }
  }
  return value;
}

function resolved(value: unknown): Promise<unknown> {
  return new Promise((resolve) => (pulumi.output(value) as pulumi.Output<unknown>).apply(resolve));
}

async function declared({ stack, settings }: (typeof programs)[string]): Promise<string> {
  const { resources, outputs, failure } = await wholeProgram(stack, settings);
  assert.equal(failure, undefined);
  const all = resources
    .filter((resource) => !leftOut(resource))
    .map(({ type, name, inputs }) => [`${type} ${name}`, readable(inputs)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  // What the commands and the tests compare the cluster with.
  const mesh = parseDeclared(await resolved(outputs.declared));
  return stringify(
    { ...Object.fromEntries(all), "output declared": mesh },
    { lineWidth: 0, aliasDuplicateObjects: false, sortMapEntries: true },
  );
}

describe("what the program declares", () => {
  for (const [name, program] of Object.entries(programs)) {
    it(`is as in test/golden/${name}.yaml; after a change that is meant: npm run golden`, async () => {
      const file = join(projectFolder, "test", "golden", `${name}.yaml`);
      const text = await declared(program);
      if (process.env.UPDATE_GOLDEN) {
        writeFileSync(file, text);
      }
      assert.equal(text, readFileSync(file, "utf8"));
    });
  }
});

import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { declare, valueOf } from "../test/support/declare";
import { sleepBeforeStop } from "./drain";
import { echoPod } from "./echoPod";
import type { EchoServiceArgs } from "./echoService";
import { spreadOverNodesAndZones } from "./spread";

type PodSpec = k8s.types.input.core.v1.PodSpec;

const labels = { app: "user-service", version: "v1" };
const least: EchoServiceArgs = { namespace: "demo", serviceName: "user-service", image: "echo:1", port: 8080 };

/** What every pod has. */
const always = {
  serviceAccountName: "user-service",
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
  terminationGracePeriodSeconds: 37,
};

/** The pods as they are without kubernetesx. */
const pods: [string, EchoServiceArgs, PodSpec][] = [
  [
    "the fewest args",
    least,
    {
      ...always,
      containers: [
        {
          name: "user-service",
          image: "echo:1",
          ports: [{ name: "http", containerPort: 8080 }],
          startupProbe: { tcpSocket: { port: "http" }, periodSeconds: 1, failureThreshold: 60 },
          readinessProbe: { tcpSocket: { port: "http" }, periodSeconds: 5 },
          livenessProbe: { tcpSocket: { port: "http" }, periodSeconds: 10 },
          lifecycle: sleepBeforeStop(),
          securityContext: {
            runAsUser: 65532,
            runAsGroup: 65532,
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
        },
      ],
    },
  ],
  [
    "all args",
    {
      ...least,
      image: pulumi.output("echo:2"),
      args: ["-text", pulumi.output("hello")],
      env: { PLAIN: "a", COMPUTED: pulumi.output("b") },
      probePath: "/health",
      user: 1000,
      writablePaths: ["/tmp", "/var/cache"],
      logFiles: { folder: "/var/log/app" },
      resources: { requests: { cpu: "10m" }, limits: { memory: "64Mi" } },
      spread: true,
    },
    {
      ...always,
      ...spreadOverNodesAndZones(labels),
      containers: [
        {
          name: "user-service",
          image: "echo:2",
          args: ["-text", "hello"],
          env: [
            { name: "PLAIN", value: "a" },
            { name: "COMPUTED", value: "b" },
          ],
          ports: [{ name: "http", containerPort: 8080 }],
          resources: { requests: { cpu: "10m" }, limits: { memory: "64Mi" } },
          startupProbe: { httpGet: { path: "/health", port: "http" }, periodSeconds: 1, failureThreshold: 60 },
          readinessProbe: { httpGet: { path: "/health", port: "http" }, periodSeconds: 5 },
          livenessProbe: { httpGet: { path: "/health", port: "http" }, periodSeconds: 10 },
          volumeMounts: [
            { name: "writable-0", mountPath: "/tmp" },
            { name: "writable-1", mountPath: "/var/cache" },
            { name: "application-log", mountPath: "/var/log/app" },
          ],
          lifecycle: sleepBeforeStop(),
          securityContext: {
            runAsUser: 1000,
            runAsGroup: 1000,
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
        },
      ],
      volumes: [
        { name: "writable-0", emptyDir: {} },
        { name: "writable-1", emptyDir: {} },
        { name: "application-log", emptyDir: { sizeLimit: "96Mi" } },
      ],
    },
  ],
];

/** @returns a value without empty lists and undefined fields: the API server knows no difference. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutEmpty);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const isThere = (field: unknown) => field !== undefined && !(Array.isArray(field) && field.length === 0);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) => (isThere(field) ? [[key, withoutEmpty(field)]] : [])),
  );
}

describe("the pod that kubernetesx makes", () => {
  for (const [title, args, plain] of pods) {
    it(`equals a plain PodSpec, with ${title}`, async () => {
      const { result } = await declare(() => pulumi.output(echoPod(args, labels, pulumi.output("user-service"))));
      assert.deepEqual(withoutEmpty(await valueOf(result)), plain);
    });
  }

  it("is the only thing that kubernetesx is used for", () => {
    const root = join(__dirname, "..");
    const folders = ["bench", "cluster", "commands", "common", "components", "policy", "stacks", "test", "toolchain"];
    const files = folders.flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts"))
        .map((name) => join(folder, name)),
    );
    const others = [...files, "index.ts"].filter((file) => file !== join("components", "echoPod.ts"));
    assert.ok(others.length > 100);
    assert.deepEqual(
      others.filter((file) => /from "@pulumi\/kubernetesx"/.test(readFileSync(join(root, file), "utf8"))),
      [],
    );
  });
});

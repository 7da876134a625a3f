/**
 * Time to traffic: from an empty cluster to both URLs answering, images cached. Our `npm start` against the path by
 * hand: `istioctl install` and `kubectl apply` of the same objects with the same values, in each round one after the
 * other on the same sandbox. Observability is left out on both sides: the path by hand has none. Our lower bound is the
 * same order without Pulumi: the same charts by helm, the same objects by kubectl.
 *
 *   tsx bench/timeToTraffic.ts [rounds] [file.json]
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { withTemporaryFolder } from "../commands/shared/temporaryFolder";
import { sweep } from "../commands/down/sweep";
import { expectedInfo, up as sandboxUp } from "../toolchain";
import { KubeClient } from "../cluster/kubeClient";
import { run } from "../toolchain/system/run";
import { kubectl } from "./growth/cluster";
import { sideBySide, table, writeResults } from "./measure";
import { wholeProgram } from "../test/support/wholeProgram";
import { npm, untilTraffic } from "./traffic";

const info = expectedInfo();
/** Runs one of the sandbox's programs on it. */
const onSandbox = (program: "helm" | "istioctl", ...args: string[]) =>
  run(join(info.binDir, program), args, { env: { KUBECONFIG: info.kubeconfig } });

/** What the path by hand does not have is left out of ours too. */
const bare = {
  metricsBackend: "none",
  tracingBackend: "none",
  logsBackend: "none",
  kiali: "false",
  grafana: "false",
  loadGenerator: "false",
};
const sandboxConfig = {
  kubeconfig: info.kubeconfig,
  kubeContext: info.context,
  istioCharts: info.chartsFolder,
  istioHub: info.hub,
  istioTag: info.tag,
};

interface Declared {
  type: string;
  inputs: {
    kind?: string;
    name?: string;
    namespace?: string;
    chart?: string;
    values?: Record<string, unknown>;
    metadata?: { namespace?: string };
  };
}

/** What our program declares, without applying it. */
async function declared(): Promise<Declared[]> {
  const { resources, failure } = await wholeProgram("sandbox", { ...bare, ...sandboxConfig });
  if (failure !== undefined) {
    throw failure as Error;
  }
  return resources.filter(({ type }) => type.startsWith("kubernetes:")).map((one): Declared => one);
}

/** The paths by hand, as files. */
interface ManualFiles {
  namespaces: string;
  operator: string;
  /** For the gateway that istioctl installs. */
  objects: string;
  /** For the gateway of the chart. */
  chartObjects: string;
  releases: { name: string; namespace: string; chart: string; values: string }[];
}

/** The gateway that istioctl installs runs without root, so that it listens above the ports that only root may open. */
function aboveRootPorts(service: GatewayService): GatewayService {
  const ports = service.ports.map((port) => ({
    ...port,
    targetPort: port.targetPort < 1024 ? port.targetPort + 8000 : port.targetPort,
  }));
  return { ...service, ports };
}

interface GatewayService {
  ports: { targetPort: number }[];
}

/** Writes the paths by hand: namespaces, an IstioOperator with our charts' values and these alone, and our objects. */
function manualFiles(folder: string, resources: Declared[]): ManualFiles {
  const values = (release: string) => resources.find(({ inputs }) => inputs.name === release)?.inputs.values ?? {};
  const { global, meshConfig, telemetry, revision: _, ...pilot } = values("istiod");
  const gateway = values("istio-ingressgateway");
  const operator = {
    apiVersion: "install.istio.io/v1alpha1",
    kind: "IstioOperator",
    spec: {
      profile: "minimal",
      hub: info.hub,
      tag: info.tag,
      meshConfig,
      values: { global, telemetry, pilot, gateways: { "istio-ingressgateway": { autoscaleEnabled: false } } },
      components: {
        ingressGateways: [
          {
            name: "istio-ingressgateway",
            namespace: "istio-ingress",
            enabled: true,
            k8s: {
              resources: gateway.resources,
              service: aboveRootPorts(gateway.service as GatewayService),
              hpaSpec: { minReplicas: 1, maxReplicas: 1 },
            },
          },
        ],
      },
    },
  };
  const yaml = (keep: (resource: Declared) => boolean) =>
    resources
      .filter(keep)
      .map(({ inputs }) => stringify(inputs, { aliasDuplicateObjects: false }))
      .join("---\n");
  const isNamespace = ({ type }: Declared) => type.endsWith(":Namespace");
  const isRelease = ({ type }: Declared) => type.endsWith(":Release");
  const write = (name: string, text: string) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };
  const objects = yaml((resource) => !isNamespace(resource) && !isRelease(resource));
  return {
    namespaces: write("namespaces.yaml", yaml(isNamespace)),
    operator: write("operator.yaml", stringify(operator)),
    objects: write(
      "objects.yaml",
      // istioctl gives the gateway an account of another name than the chart does.
      objects.replaceAll(/(sa\/istio-ingressgateway)$/gm, "$1-service-account"),
    ),
    chartObjects: write("chart-objects.yaml", objects),
    releases: resources.filter(isRelease).map(({ inputs: { name = "", namespace = "", chart = "", values = {} } }) => ({
      name,
      namespace,
      chart,
      values: write(`${name}.json`, JSON.stringify(values)),
    })),
  };
}

function ours(): () => Promise<number> {
  const flags = ["--sandbox"];
  const settings = Object.entries(bare).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
  return async () => {
    const elapsed = await untilTraffic(() => npm("start", "--silent", "--", ...flags, ...settings));
    await npm("run", "--silent", "down", "--", ...flags);
    return elapsed;
  };
}

/** Takes away what a path by hand made: the objects, what `uninstall` does of Istio, and the namespaces. */
async function removeByHand(objects: string, uninstall: () => Promise<unknown>, namespaces: string): Promise<void> {
  await kubectl("delete", "-f", objects, "--ignore-not-found");
  await uninstall();
  await kubectl("delete", "-f", namespaces, "--ignore-not-found");
  const ours = { releases: [{ name: "istio-base", namespace: "istio-system" }], rootCertificates: [] };
  await sweep(KubeClient.connect(info.kubeconfig, info.context), ours);
}

function byHand({ namespaces, operator, objects }: ManualFiles): () => Promise<number> {
  return async () => {
    const elapsed = await untilTraffic(async () => {
      await kubectl("apply", "-f", namespaces);
      await onSandbox("istioctl", "install", "-y", "-f", operator);
      await kubectl("apply", "-f", objects);
    });
    await removeByHand(objects, () => onSandbox("istioctl", "uninstall", "--purge", "-y"), namespaces);
    return elapsed;
  };
}

/**
 * Our order by hand: what a program that takes no time could reach, waiting for what ours waits for before pods start.
 */
function inOurOrder({ namespaces, chartObjects, releases }: ManualFiles): () => Promise<number> {
  const on = (name: string) => releases.find((release) => release.name === name)!;
  const install = ({ name, namespace, chart, values }: ManualFiles["releases"][number]) =>
    onSandbox("helm", "install", name, chart, "--namespace", namespace, "--values", values);
  const uninstall = async () => {
    for (const { name, namespace } of [...releases].reverse()) {
      await onSandbox("helm", "uninstall", name, "--namespace", namespace, "--ignore-not-found", "--wait");
    }
  };
  return async () => {
    const elapsed = await untilTraffic(async () => {
      await kubectl("apply", "-f", namespaces);
      await install(on("istio-base"));
      await install(on("istiod"));
      await kubectl("-n", on("istiod").namespace, "rollout", "status", "deployment/istiod");
      await Promise.all([install(on("istio-ingressgateway")), kubectl("apply", "-f", chartObjects)]);
    });
    await removeByHand(chartObjects, uninstall, namespaces);
    return elapsed;
  };
}

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 5);
  const output = process.argv[3] ?? "bench/results/time-to-traffic.json";
  await sandboxUp({ log: console.error });
  await npm("run", "--silent", "down", "--", "--sandbox");
  await withTemporaryFolder(async (folder) => {
    const files = manualFiles(folder, await declared());
    const ways = {
      "npm start": ours(),
      "our order, by helm and kubectl": inOurOrder(files),
      "istioctl install and kubectl apply": byHand(files),
    };
    // The first of each fills caches: the file system's, and the API server's own.
    for (const way of Object.values(ways)) {
      await way();
    }
    const results = await sideBySide(ways, rounds, console.error);
    console.log(table("time to traffic", results));
    writeResults(output, { rounds, results });
  });
}

void main();

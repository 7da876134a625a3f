import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { Resolver } from "node:dns/promises";
import { join } from "node:path";
import { ensureBuilt, isBuilt } from "./binaries/build";
import { applyBase } from "./cluster/base";
import { rememberBefore } from "./cluster/before";
import { ensureBridge } from "./cluster/bridge";
import { ensureCgroup } from "./cluster/cgroup";
import { type Component, components } from "./cluster/components";
import { cniConfig, containerdConfig, kubeletConfig, proxyConfig } from "./cluster/configFiles";
import { kubeconfig } from "./cluster/kubeconfig";
import { kubectl } from "./cluster/kubectl";
import { podResolvConf } from "./cluster/nameserver";
import { ensureCertificates } from "./cluster/pki";
import { ask } from "./cluster/probe";
import { network, NODE_NAME } from "./cluster/settings";
import { lockName, sweep } from "./down";
import { addObservability, observabilityPrograms } from "./extras";
import { ensureVolumeFolders, recyclerPod } from "./cluster/volumes";
import { hub, meshImages, nodeImages, pauseReference } from "./images/catalog";
import { importImages } from "./images/import";
import { corePlans, expectedInfo, imageSources, type SandboxInfo } from "./info";
import { ensurePackages, ensureUnpacked } from "./install/debian";
import { ensureEnvoy } from "./install/envoy";
import { busyboxPackage, debianPackages } from "./install/pins";
import { cacheDir, type StatePaths, statePaths } from "./paths";
import { preflight } from "./preflight/checks";
import { logTail, recordOf, running, settingsOf, start } from "./system/daemon";
import { withLock } from "./system/lock";
import { type Logger, silent } from "./system/log";
import { bootId, endAll, processesBelow } from "./system/proc";
import { allOrFirstError } from "./system/settle";
import { waitFor } from "./system/wait";

/** Brings the sandbox up. What is there already, and as it should be, is left alone; what is missing or broken is mended. */
export async function up(options: { log?: Logger } = {}): Promise<SandboxInfo> {
  const log = options.log ?? silent;
  const paths = statePaths();
  return withLock(lockName(paths), log, async () => {
    const cache = cacheDir();
    const { core, httpEcho } = corePlans(cache);
    const parts = components(paths, core.binDir);
    const records = join(paths.run, "daemons");

    await preflight(paths, cache, !parts.some(({ name }) => running(records, name)));
    log("preflight checks passed");

    await ensurePackages(debianPackages, log);
    await ensureEnvoy(cache, log);
    await ensureUnpacked(busyboxPackage, "bin/busybox", cache, log);
    await ensureBuilt(httpEcho, log);
    await ensureBuilt(core, log);
    log("programs are there");

    await sweepLeftovers(paths, parts, records, log);
    await prepare(paths, log);

    // etcd and the API server do not need containerd, nor images.
    const daemons = new Map(parts.map((part) => [part.name, part]));
    const begin = (name: string): Promise<number | undefined> =>
      ensureRunning(daemons.get(name)!, { records, logs: paths.logs, data: paths.root }, log);
    const observers = observabilityPrograms();
    const built = observers.filter(({ plan }) => isBuilt(plan));
    const sources = imageSources(cache);
    const runtime = begin("containerd").then(() => importImages(paths, nodeImages(sources), log));
    // The node starts without these, which take longer than all else together when they are made anew.
    const images = runtime.then(async () => {
      await importImages(paths, [...(await meshImages(sources)), ...built.map(({ image }) => image)], log);
      log("images are there");
    });
    const api = begin("etcd").then(() => begin("kube-apiserver"));
    const kubelet = Promise.all([api, runtime]).then(() => begin("kubelet"));
    // One that ran before says that it is ready every five seconds.
    const node = kubelet
      .then((startedAt) => nodeReady(paths, startedAt ?? Date.now() - 10_000))
      .then(() => log("node is ready"));
    const others = api.then(() =>
      Promise.all([
        begin("kube-controller-manager"),
        begin("kube-scheduler"),
        begin("kube-proxy"),
        applyBase(paths, log),
      ]),
    );
    const names = Promise.all([node, others]).then(namesResolve);
    await allOrFirstError([images, node, others, names]);
    log(`cluster answers; kubeconfig ${paths.kubeconfig}, context sandbox`);
    // Last, because a first build takes a quarter of an hour: the cluster can be looked at meanwhile.
    const unbuilt = observers.filter((program) => !built.includes(program));
    await addObservability(unbuilt, { log });
    log("Prometheus, Jaeger, Loki, the OpenTelemetry Collector and fortio are there");
    return expectedInfo();
  });
}

/** A reboot, or a `down` cut short, leaves files that belong to processes which are gone. */
async function sweepLeftovers(
  paths: StatePaths,
  parts: readonly Component[],
  records: string,
  log: Logger,
): Promise<void> {
  const rebooted = parts.some(({ name }) => {
    const record = recordOf(records, name);
    return record !== undefined && record.bootId !== bootId();
  });
  const cutShort = existsSync(join(paths.run, "going-down"));
  if (rebooted || cutShort) {
    log("cleaning up what the last run left");
    await sweep(paths, silent);
  }
}

/** Files, addresses and control groups, before the first process. */
async function prepare(paths: StatePaths, log: Logger): Promise<void> {
  for (const folder of [paths.root, paths.data, paths.run, paths.logs, paths.config, join(paths.config, "cni")]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  // Pods' volumes and logs are reached through these by users of all kinds: to pass through is allowed, to look is not.
  for (const folder of [paths.root, paths.data]) {
    await chmod(folder, 0o711);
  }
  await rememberBefore(paths);
  await ensureCertificates(paths.pki);
  const images = imageSources();
  const files: Record<string, string> = {
    "containerd.toml": containerdConfig(paths, pauseReference(images.busyboxVersion)),
    "cni/10-sandbox.conflist": JSON.stringify(cniConfig(paths), undefined, 2),
    "kubelet.yaml": kubeletConfig(paths, podResolvConf() ?? ""),
    "proxy.yaml": proxyConfig(paths),
    "recycler.json": JSON.stringify(recyclerPod(`${hub}/busybox:${images.busyboxVersion}`)),
    ...Object.fromEntries(
      ["controller-manager", "scheduler", "proxy", "kubelet"].map((name) => [
        `${name}.kubeconfig`,
        kubeconfig(paths.pki, name),
      ]),
    ),
  };
  for (const [name, text] of Object.entries(files)) {
    await writeIfChanged(join(paths.config, name), text);
  }
  await writeIfChanged(paths.kubeconfig, kubeconfig(paths.pki, "admin"));
  await ensureVolumeFolders(paths.volumes);
  await ensureCgroup();
  await ensureBridge();
  log(`certificates, configuration and bridge ${network.bridge} (${network.node}) are there`);
}

async function writeIfChanged(file: string, text: string): Promise<void> {
  if (existsSync(file) && (await readFile(file, "utf8")) === text) {
    return;
  }
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/**
 * Starts a component unless it runs with the very same settings, and waits until it works.
 * @returns when it was started, in milliseconds since the epoch; undefined if it ran before.
 */
async function ensureRunning(
  part: Component,
  folders: { records: string; logs: string; data: string },
  log: Logger,
): Promise<number | undefined> {
  const record = running(folders.records, part.name);
  if (record?.settings === settingsOf(part) && (await ask(part.probe)) === undefined) {
    return undefined;
  }
  // Not the recorded one alone: a command that is killed may have started one without writing it down. That has the port, and would answer
  // the probe in place of the new one, which ends for want of it.
  await endAll(processesBelow([part.name], folders.data), 3000);
  const lost = recordOf(folders.records, part.name);
  const startedAt = Date.now();
  const started = start(part, folders);
  const died = (): string | undefined =>
    running(folders.records, part.name) ? undefined : `ended; its last lines:\n${logTail(folders.logs, part.name)}`;
  await waitFor(part.name, () => ask(part.probe), { timeoutMs: 90_000, giveUp: died });
  log(`${part.name} ${lost && !record ? "was gone, started again" : "started"} (process ${started.pid})`);
  return startedAt;
}

/**
 * The API server remembers a node as ready from before; only what kubelet said since then counts.
 * @param since In milliseconds since the epoch.
 */
async function nodeReady(paths: StatePaths, since: number): Promise<void> {
  const path = '{range .status.conditions[?(@.type=="Ready")]}{.status} {.lastHeartbeatTime} {.message}{end}';
  await waitFor(
    "node",
    async () => {
      const { stdout, stderr } = await kubectl(paths, ["get", "node", NODE_NAME, "-o", `jsonpath=${path}`]);
      const [status, heartbeat = "", ...message] = stdout.split(" ");
      // Heartbeats are told in whole seconds.
      const kubeletWasRunning = Date.parse(heartbeat) >= Math.floor(since / 1000) * 1000;
      return status === "True" && kubeletWasRunning
        ? undefined
        : message.join(" ") || stderr.trim() || "not registered";
    },
    { timeoutMs: 120_000, intervalMs: 300 },
  );
}

/** A name resolved through CoreDNS's service: pods, their network and kube-proxy all have their part in the answer. */
async function namesResolve(): Promise<void> {
  await waitFor(
    "CoreDNS",
    async () => {
      const resolver = new Resolver({ timeout: 500, tries: 1 });
      resolver.setServers([network.dnsService]);
      return resolver.resolve4("kubernetes.default.svc.cluster.local").then(
        () => undefined,
        (error: Error) => error.message,
      );
    },
    { timeoutMs: 120_000, intervalMs: 200 },
  );
}

import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Log } from "@kubernetes/client-node";
import type { LiveObject } from "../../cluster/kubeClient";
import { logStreams } from "../verify/backends";
import type { Context } from "../verify/check";
import { refOfPod } from "../verify/meshPods";
import { isAlive } from "../verify/objects";
import { Unseen } from "./tapLines";

/** Milliseconds between two questions to Loki, and to the API server for pods that are new. */
const everyMs = { loki: 1000, pods: 5000 };

/**
 * Milliseconds by which lines may be late: Envoy writes them up to ten seconds after the request, and the log scraper
 * sends them together.
 */
const lateMs = 30_000;

/** Most lines of one answer: Loki refuses more. */
const mostLines = 5000;

/** Takes a line; in no order across pods. */
export type TakeLine = (text: string) => void;

/** Where lines come from. It returns once `stop` is aborted. */
export type LineSource = (context: Context, service: string, take: TakeLine, stop: AbortSignal) => Promise<void>;

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

/** The access log of a service as Loki gets it. */
export const lokiSource: LineSource = async (context, service, take, stop) => {
  const started = Date.now();
  const unseen = new Unseen(4 * lateMs);
  const query = `{service_name="${service}"} | log_source="access-log-file"`;
  while (!stop.aborted) {
    const since = Math.max(started, Date.now() - lateMs);
    const lines = await logStreams(context, query, since, mostLines);
    lines
      .sort((a, b) => (BigInt(a.time) < BigInt(b.time) ? -1 : 1))
      .filter(({ labels, line, time }) => unseen.isNew(`${time} ${labels.k8s_pod_name} ${line}`))
      .forEach(({ line }) => take(line));
    unseen.forget();
    await pause(everyMs.loki, stop);
  }
};

/** @returns what passes whole lines on. */
function lineWriter(take: TakeLine): Writable {
  let rest = "";
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      const lines = (rest + chunk.toString("utf8")).split("\n");
      rest = lines.pop() ?? "";
      lines.forEach(take);
      done();
    },
  });
}

/** The log of the sidecars of a service, as the API server streams it. A pod that comes later is followed as well. */
export const proxySource: LineSource = async ({ cluster, declared }, service, take, stop) => {
  const { mesh } = declared.namespaces;
  const log = new Log(cluster.client.kubeConfig);
  const followed = new Map<string, AbortController>();
  const unseen = new Unseen(4 * lateMs);
  let since = new Date().toISOString();
  const follow = async (pod: LiveObject) => {
    const { name } = refOfPod(pod);
    // The API server ends a stream that lasts long: it is opened again, and what was shown already comes once more.
    const ended = () => {
      followed.delete(name);
      since = new Date(Date.now() - lateMs).toISOString();
    };
    const stream = lineWriter((line) => unseen.isNew(line) && take(line));
    // The library leaves errors of the answer's body to nothing, which would end the process.
    stream.on("pipe", (body) => body.on("error", ended)).on("finish", ended);
    const options = { follow: true, sinceTime: since };
    // A pod that starts, or ends, has no log yet, or no more; it is asked again as long as it is there.
    const controller = await log.log(mesh, name, "istio-proxy", stream, options).catch(() => undefined);
    if (controller) {
      followed.set(name, controller);
    }
  };
  while (!stop.aborted) {
    const pods = (await cluster.client.list("v1", "Pod", mesh)).filter(isAlive);
    const own = pods.filter(({ metadata }) => metadata?.labels?.app === service && !followed.has(metadata.name ?? ""));
    await Promise.all(own.map(follow));
    unseen.forget();
    await pause(everyMs.pods, stop);
  }
  followed.forEach((controller) => controller.abort());
};

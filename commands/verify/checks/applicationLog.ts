import { applicationLogs, applicationRotator } from "../../../components/applicationLog";
import { logAgent } from "../../../components/observability/nodeLogs";
import type { LiveObject } from "../../../cluster/kubeClient";
import type { DeclaredService } from "../../../stacks/declared";
import { logql, until } from "../backends";
import type { Check, Context, Outcome } from "../check";
import { fail, pass, skip } from "../check";
import { joinPath, followedRoute, openRoutes } from "../gatewayRoute";
import { podLog, readyPods, refOfPod } from "../meshPods";
import { containersOf, isAlive, isReady, nameOf } from "../objects";
import { newTrace } from "./traces";

/** Seconds until a line has to be in the store. */
const arrivalSeconds = 12;

/** Lines that are looked through for the one that a request left. */
const lastLines = 200;

/** Milliseconds by which clocks of nodes may differ. */
const skewMs = 5000;

/** A line of an application that is looked for in the log store. */
export interface Written {
  pod: LiveObject;
  line: string;
  /** When it was written, at the earliest. */
  sinceMs: number;
  /** File, and its access rights in octal; undefined for the standard output. */
  file?: { name: string; mode: string };
}

/** @returns the last line with `marker`, else the last one with anything in it; undefined if there is none. */
export function followedLine(text: string, marker: string): string | undefined {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.findLast((line) => line.includes(marker)) ?? lines.at(-1);
}

/** @returns a line as an expression of LogQL finds it; a long one by its beginning. */
export function lineFilter(line: string): string {
  return `|= ${JSON.stringify(line.trim().slice(0, 400))}`;
}

/** @returns when a line of the API server with its time was written, and the line. */
export function timedLine(line: string): { line: string; sinceMs: number } | undefined {
  const [, time = "", text = ""] = /^(\S+) (.*)$/.exec(line) ?? [];
  const sinceMs = Date.parse(time);
  return Number.isNaN(sinceMs) || text.trim() === "" ? undefined : { line: text, sinceMs };
}

/** @returns why what a container writes to its standard output does not arrive, and the command to look further. */
export function stdoutCause(
  pod: LiveObject,
  agents: readonly LiveObject[],
  { observability, kubectl }: { observability: string; kubectl: string },
): { cause: string; next: string } {
  const node = (pod.spec as { nodeName?: string } | undefined)?.nodeName ?? "no node";
  const here = agents.find(
    (agent) => isAlive(agent) && isReady(agent) && (agent.spec as { nodeName?: string } | undefined)?.nodeName === node,
  );
  return here
    ? {
        cause: `the log agent on ${node} does not deliver what ${nameOf(pod)} writes to its standard output`,
        next: `${kubectl} -n ${observability} logs ${refOfPod(here).name} --tail 20`,
      }
    : {
        cause: `no log agent is ready on ${node}, where ${nameOf(pod)} runs`,
        next: `${kubectl} -n ${observability} get daemonset ${logAgent}`,
      };
}

/** @returns why what an application writes to a file does not arrive, and the command to look further. */
export function fileCause({ pod, file }: Written, kubectl: string): { cause: string; next: string } {
  const { namespace, name } = refOfPod(pod);
  if (!containersOf(pod).some((container) => container.name === "log-scraper")) {
    return {
      cause: `${nameOf(pod)} has no container log-scraper: run npm start -- --refresh`,
      next: `${kubectl} -n ${namespace} get pod ${name} -o yaml`,
    };
  }
  const next = `${kubectl} -n ${namespace} logs ${name} -c log-scraper --tail 20`;
  const others = Number(file?.mode.at(-1));
  return (others & 4) === 0
    ? {
        cause: `file ${file?.name} of ${nameOf(pod)} has the mode ${file?.mode}, so that the log scraper can't read it`,
        next,
      }
    : { cause: `the log scraper of ${nameOf(pod)} does not deliver what the application writes to files`, next };
}

/** Looks for a line in the log store. @returns the seconds until it was there; undefined if it did not come. */
async function arrival(context: Context, selector: string, { pod, line, sinceMs }: Written) {
  const query = `${selector} | k8s_pod_name="${refOfPod(pod).name}" ${lineFilter(line)}`;
  const { found, seconds } = await until(
    arrivalSeconds,
    async () => (await logql(context, query, sinceMs - skewMs))[0],
  );
  return found === undefined ? undefined : seconds;
}

/**
 * Asks a service for something, so that it has a reason to write.
 * @returns what its line has in it if it logs paths.
 */
async function askFor(context: Context, service: DeclaredService): Promise<string> {
  const marker = `verify-${newTrace().id.slice(0, 8)}`;
  const route = openRoutes(context).find((one) => one.service.name === service.name);
  if (route) {
    await context.http.get(joinPath(route.url, marker));
  }
  return marker;
}

function evidence({ pod, line }: Written, seconds: number): string {
  const shown = line.trim().slice(0, 100);
  return `${nameOf(pod)}: ${shown}${shown.length < line.trim().length ? "..." : ""}, after ${seconds.toFixed(1)} s`;
}

/** @returns of what the pods wrote, the line with `marker`, else that of the first pod with any. */
async function firstWritten(
  pods: readonly LiveObject[],
  marker: string,
  read: (pod: LiveObject) => Promise<Written | undefined>,
): Promise<Written | undefined> {
  const all = (await Promise.all(pods.map(read))).filter((one) => one !== undefined);
  return all.find(({ line }) => line.includes(marker)) ?? all[0];
}

/** @returns what a pod's application wrote last to its standard output. */
async function lastOutput(context: Context, service: string, pod: LiveObject, marker: string) {
  const asked = { container: service, timestamps: "true", tailLines: String(lastLines) };
  const { status, body } = await podLog(context.cluster, pod, asked);
  const found = status === 200 ? timedLine(followedLine(body, marker) ?? "") : undefined;
  return found && { pod, ...found };
}

/** @returns what a pod's application wrote last to one of its files. */
async function lastOfFiles(context: Context, files: string, pod: LiveObject, marker: string) {
  const { namespace, name } = refOfPod(pod);
  const script = [
    `cd ${applicationLogs.folder}`,
    `file=$(ls -t ${files} 2>/dev/null | head -n 1)`,
    '[ -n "$file" ]',
    `stat -c '%Y %a %n' "$file"`,
    `tail -n ${lastLines} "$file"`,
  ].join(" && ");
  const { stdout } = await context.cluster.exec(namespace, name, applicationRotator, ["sh", "-c", script]);
  const [head = "", ...lines] = stdout.split("\n");
  const [seconds, mode = "", file = ""] = head.split(" ");
  const line = followedLine(lines.join("\n"), marker);
  return line === undefined ? undefined : { pod, line, sinceMs: Number(seconds) * 1000, file: { name: file, mode } };
}

/** @returns that there is no log store to look in; undefined if there is. */
function withoutLoki({ declared }: Context): Outcome | undefined {
  return declared.logs.kind === "loki"
    ? undefined
    : skip(`Loki is not part of the stack: logsBackend is ${declared.logs.kind}`);
}

/** @returns the pods that serve requests; without any, that there is none. */
async function readyPodsOrNone(context: Context, service: string): Promise<LiveObject[] | Outcome> {
  const pods = await readyPods(context, service);
  const { mesh } = context.declared.namespaces;
  return pods.length > 0
    ? pods
    : fail(
        `${service} has no pod that is ready`,
        `no pod of ${service} is ready`,
        `${context.cluster.kubectl} -n ${mesh} get pods`,
      );
}

/** Is what an application writes to its standard output in the log store? */
export const applicationOutput: Check = {
  name: "application-output",
  description: "an application's line is in Loki",
  needs: ["workloads", "access-log"],
  async run(context): Promise<Outcome> {
    const { cluster, declared } = context;
    const { observability } = declared.namespaces;
    const route = followedRoute(context);
    const service = "verdict" in route ? declared.services[0]! : route.service;
    const pods = withoutLoki(context) ?? (await readyPodsOrNone(context, service.name));
    if ("verdict" in pods) {
      return pods;
    }
    const marker = await askFor(context, service);
    const written = await firstWritten(pods, marker, (pod) => lastOutput(context, service.name, pod, marker));
    if (!written) {
      return skip(`the application of ${service.name} has written nothing to its standard output`);
    }
    const seconds = await arrival(context, `{k8s_container_name="${service.name}"} | log_source="container"`, written);
    if (seconds !== undefined) {
      return pass(evidence(written, seconds));
    }
    const agents = (await cluster.list("v1", "Pod", observability)).filter(
      ({ metadata }) => metadata?.labels?.app === logAgent,
    );
    const { cause, next } = stdoutCause(written.pod, agents, { observability, kubectl: cluster.kubectl });
    return fail(`not in Loki after ${arrivalSeconds} s: ${written.line}`, cause, next);
  },
};

/** Is what an application writes to files in the log store? */
export const applicationFiles: Check = {
  name: "application-files",
  description: "a line of an application's file is in Loki",
  needs: ["workloads", "access-log"],
  async run(context): Promise<Outcome> {
    const { cluster, declared } = context;
    const service = declared.services.find(({ logFiles }) => logFiles !== undefined);
    if (service?.logFiles === undefined) {
      return skip("no service declares logFiles");
    }
    const { files } = service.logFiles;
    const pods = withoutLoki(context) ?? (await readyPodsOrNone(context, service.name));
    if ("verdict" in pods) {
      return pods;
    }
    const marker = await askFor(context, service);
    const written = await firstWritten(pods, marker, (pod) => lastOfFiles(context, files, pod, marker));
    if (!written) {
      return skip(`the application of ${service.name} has written nothing to ${service.logFiles.folder}/${files}`);
    }
    const selector = `{service_name="${service.name}"} | log_source="application-file"`;
    const seconds = await arrival(context, selector, written);
    if (seconds !== undefined) {
      return pass(evidence(written, seconds));
    }
    const { cause, next } = fileCause(written, cluster.kubectl);
    return fail(`not in Loki after ${arrivalSeconds} s: ${written.line}`, cause, next);
  },
};

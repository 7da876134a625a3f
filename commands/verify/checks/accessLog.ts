import { scrapedLabel, sharedLog } from "../../../components/accessLog";
import type { LiveObject } from "../../../cluster/kubeClient";
import { logql, untilOfTwo } from "../backends";
import type { Check, Context, Outcome } from "../check";
import { fail, pass, skip } from "../check";
import { joinPath, followedRoute } from "../gatewayRoute";
import { readyPods, refOfPod } from "../meshPods";
import { containersOf, nameOf } from "../objects";
import { backendDown } from "../workloads";
import { newTrace } from "./traces";

/** Seconds until a line has to be in the store. */
const arrivalSeconds = 12;

/** A line of the access log, as far as it is compared. */
interface Line {
  path?: string;
  response_code?: number;
  downstream_peer?: string;
}

/** What is known when a line is not in the store. */
export interface LogFacts {
  /** Telemetry of the namespace that makes labelled pods write the file. */
  telemetry: boolean;
  pod: LiveObject;
  /** Whether the line is in the pod's own file; undefined if the file could not be read. */
  inFile?: boolean;
}

/** @returns why the line is not in the store, and the command to look further. */
export function logCause(
  { telemetry, pod, inFile }: LogFacts,
  { mesh, kubectl }: { mesh: string; kubectl: string },
): { cause: string; next: string } {
  const { name } = refOfPod(pod);
  const [[label, value]] = Object.entries(scrapedLabel) as [[string, string]];
  if (!telemetry) {
    return {
      cause: `Telemetry ${mesh}/access-log-file is gone, which makes Envoy write its access log to the shared file: run npm start -- --refresh`,
      next: `${kubectl} -n ${mesh} get telemetry`,
    };
  }
  if (pod.metadata?.labels?.[label] !== value) {
    return {
      cause: `${nameOf(pod)} has no label ${label}=${value}, so its Envoy does not write the file: run npm start -- --refresh`,
      next: `${kubectl} -n ${mesh} get pod ${name} --show-labels`,
    };
  }
  if (!containersOf(pod).some((container) => container.name === "log-scraper")) {
    return {
      cause: `${nameOf(pod)} has no container log-scraper: run npm start -- --refresh`,
      next: `${kubectl} -n ${mesh} get pod ${name} -o yaml`,
    };
  }
  const next = `${kubectl} -n ${mesh} logs ${name} -c log-scraper --tail 20`;
  return inFile === false
    ? { cause: `Envoy of ${nameOf(pod)} did not write the line to ${sharedLog.file}`, next }
    : {
        cause: `the line is written, but the log scraper of ${nameOf(pod)} does not deliver it to the log store`,
        next,
      };
}

/** @returns whether the line says what was sent, and by whom. */
export function judgeLine(line: Line, path: string, peer: string, kubectl: string): Outcome {
  if (!line.downstream_peer?.endsWith(peer)) {
    return fail(
      `the line names ${line.downstream_peer || "no identity"} as the caller`,
      `the service knows its caller as ${line.downstream_peer || "anonymous"}, and not as the gateway (${peer}): the request did not come over mutual TLS, or by another way`,
      `${kubectl} get peerauthentication,destinationrule -A`,
    );
  }
  return line.path === path
    ? pass(`${line.response_code} ${line.path} by ${line.downstream_peer.replace(/^spiffe:\/\//, "")}`)
    : fail(
        `the line has the path ${line.path}`,
        `the access log has another path than the request had: its format was changed`,
        `${kubectl} get telemetry -A -o yaml`,
      );
}

async function whyNot(context: Context, service: string, traceId: string): Promise<{ cause: string; next: string }> {
  const { cluster, declared } = context;
  const { mesh } = declared.namespaces;
  const pods = await readyPods(context, service);
  const looked = await Promise.all(
    pods.map(async (pod) => {
      const { name } = refOfPod(pod);
      const command = ["sh", "-c", `tail -n 500 ${sharedLog.file} | grep ${traceId}`];
      const { stdout, stderr } = await cluster.exec(mesh, name, "log-rotator", command);
      return { pod, inFile: stdout.includes(traceId) ? true : stderr === "" ? false : undefined };
    }),
  );
  const telemetry = await cluster.find("telemetry.istio.io/v1", "Telemetry", mesh, "access-log-file");
  const found = looked.find(({ inFile }) => inFile) ?? looked[0];
  return found
    ? logCause({ telemetry: telemetry !== undefined, ...found }, { mesh, kubectl: cluster.kubectl })
    : { cause: `no pod of ${service} is ready`, next: `${cluster.kubectl} -n ${mesh} get pods` };
}

/** Is the access log's line of a request in the log store, with its trace id and the gateway's identity? */
export const accessLog: Check = {
  name: "access-log",
  description: "a request's log line is in Loki",
  needs: ["routes", "injected"],
  async run(context): Promise<Outcome> {
    const { cluster, declared, http } = context;
    const { observability, gateway } = declared.namespaces;
    if (declared.logs.kind !== "loki") {
      return skip(`Loki is not part of the stack: logsBackend is ${declared.logs.kind}`);
    }
    const route = followedRoute(context);
    if ("verdict" in route) {
      return route;
    }
    const { service, url, path: declaredPath } = route;
    const down = await backendDown(cluster, observability, "loki", "Loki");
    if (down) {
      return down;
    }
    const { id, header } = newTrace();
    // Below the service's path, so that the line can't be another request's.
    const name = `verify-${id.slice(0, 8)}`;
    const path = joinPath(declaredPath, name);
    const query = `{service_name="${service.name}"} | log_source="access-log-file" | trace_id="${id}"`;
    const send = () => http.get(joinPath(url, name), header);
    const find = async () => (await logql(context, query))[0];
    const { found, seconds, answers } = await untilOfTwo(arrivalSeconds, send, find);
    if (found === undefined) {
      const { cause, next } = await whyNot(context, service.name, id);
      const requests = `two requests (${answers.map(({ status, error }) => error ?? `HTTP ${status}`).join(", ")})`;
      return fail(`no line of ${service.name} for trace ${id} after ${arrivalSeconds} s and ${requests}`, cause, next);
    }
    const peer = `/ns/${gateway}/sa/${declared.gateway.name}`;
    const outcome = judgeLine(JSON.parse(found) as Line, path, peer, cluster.kubectl);
    return outcome.verdict === "pass" ? pass(`${outcome.evidence}, after ${seconds.toFixed(1)} s`) : outcome;
  },
};

import type { LiveObject } from "../../cluster/kubeClient";
import { isGuarded } from "../../components/guards";
import type { DeclaredService } from "../../stacks/declared";
import type { Answer, HttpClient } from "../shared/httpClient";
import type { Context } from "./check";
import { joinPath, gatewayRoutes } from "./gatewayRoute";
import { gatewayPods, refOfPod, servicePods } from "./meshPods";
import { accountOf, isReady } from "./objects";
import { floodCommand, readFlood, readWget, shell, speaker, wgetCommand } from "./wget";

/** Requests that are under way at once from this machine; as many connections are kept. */
export const atOnceThroughGateway = 400;

/** Requests that are under way at once from a pod: the container that sends them has 16 MiB for all. */
const atOnceFromPod = 24;

/** Sends a service requests, in the way that one of its callers does. */
export interface Sender {
  /** Proxies that share the requests: what one caller's proxy limits, it limits for itself. */
  proxies: number;
  /** Most requests that are under way at once. */
  atOnce: number;
  /** Sends one request, to `name` below the service's path; without a name to the path itself. */
  send(headers?: Record<string, string>, name?: string): Promise<Answer>;
  /** Sends as many requests, `together` at a time (default and most: `atOnce`). Answers may lack headers and bodies. */
  sendMany(count: number, headers?: Record<string, string>, together?: number): Promise<Answer[]>;
}

/** Does something `count` times, `together` at a time. */
async function inParallel<T>(count: number, together: number, act: () => Promise<T>): Promise<T[]> {
  const done: T[] = [];
  let left = count;
  const worker = async () => {
    while (left-- > 0) {
      done.push(await act());
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, together) }, worker));
  return done;
}

/** @returns what sends through the ingress gateway, shared by `proxies` pods. */
function gatewaySender(url: string, http: HttpClient, proxies: number): Sender {
  const send = (headers?: Record<string, string>, name?: string) =>
    http.get(name === undefined ? url : joinPath(url, name), headers);
  return {
    proxies,
    atOnce: atOnceThroughGateway,
    send,
    sendMany: (count, headers, together = atOnceThroughGateway) => inParallel(count, together, () => send(headers)),
  };
}

/** @returns what sends from a caller's own pod, through its proxy and with its identity. */
function podSender({ cluster }: Pick<Context, "cluster">, pod: LiveObject, url: string): Sender {
  const { namespace, name: podName } = refOfPod(pod);
  const exec = (command: string[]) => cluster.exec(namespace, podName, shell, command);
  return {
    proxies: 1,
    atOnce: atOnceFromPod,
    async send(headers, name) {
      const started = performance.now();
      const {
        status = 0,
        said,
        ...answer
      } = readWget(await exec(wgetCommand(name === undefined ? url : joinPath(url, name), headers)));
      const ms = performance.now() - started;
      return { ...answer, status, ms, ...(status === 0 && { error: said || "no answer" }) };
    },
    async sendMany(count, headers, together = atOnceFromPod) {
      const atOnce = Math.min(together, atOnceFromPod);
      const statuses = readFlood(await exec(floodCommand(url, { count, atOnce, headers })), count);
      return statuses.map((status) => ({ status, headers: {}, body: "", ms: 0 }));
    },
  };
}

/**
 * @param http Takes {@link atOnceThroughGateway} connections.
 * @returns for each service its sender of requests: through the gateway where it has a path, else from a declared
 * caller's pod; or the reason why there is none.
 */
export async function sendersOf(context: Context, http: HttpClient): Promise<Map<DeclaredService, Sender | string>> {
  const { mesh } = context.declared.namespaces;
  const [gateways, pods] = await Promise.all([gatewayPods(context), servicePods(context)]);
  const proxies = Math.max(1, gateways.filter(isReady).length);
  const routes = new Map(gatewayRoutes(context).map(({ service, url }) => [service, url]));
  const ofService = (service: DeclaredService): Sender | string => {
    const url = routes.get(service);
    if (isGuarded(service, url === undefined ? "/" : (service.path ?? "/"))) {
      return "it asks for a token, or an external authorizer";
    }
    if (url !== undefined) {
      return gatewaySender(url, http, proxies);
    }
    const callers = service.callers.filter(({ namespace }) => namespace === mesh);
    const [pod] = callers.flatMap(({ serviceAccount }) => {
      const found = speaker(pods.get(serviceAccount));
      return found && accountOf(found) === serviceAccount ? [found] : [];
    });
    if (pod) {
      return podSender(context, pod, `http://${service.name}.${mesh}:${service.port}/`);
    }
    if (callers.length > 0) {
      return `no caller of it has a container ${shell} to send from`;
    }
    return service.path === undefined
      ? "no service here is declared to call it"
      : "the gateway's address is not known, and no service here is declared to call it";
  };
  return new Map(context.declared.services.map((service) => [service, ofService(service)]));
}

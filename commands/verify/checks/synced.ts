import type { LiveObject } from "../../../cluster/kubeClient";
import type { Check, Context, Outcome } from "../check";
import { fail, pass } from "../check";
import { proxies, refOfPod } from "../meshPods";
import { isAlive, isReady, nameOf } from "../objects";

/** istiod's port with its view of its proxies; it asks for no authentication on localhost. */
const debugPort = 15014;

/** A proxy as istiod sees it. */
export interface SyncStatus {
  /** `pod.namespace` */
  proxy?: string;
  resources?: Record<string, { sent?: string; acked?: string; lastError?: string }>;
}

/** Milliseconds between two looks. */
const everyMs = 700;

/** Milliseconds in which a proxy takes what it was sent a moment ago. */
const takenMs = 4000;

/**
 * Milliseconds from the start of an istiod until all proxies are connected to it. The one before it goes once this one
 * is ready, and lets go of its proxies within its 30 seconds of grace; these come back with growing pauses.
 */
const connectedMs = 75_000;

/** @returns milliseconds that proxies may still take to connect to these istiods. */
export function connectionMs(istiods: readonly LiveObject[], now = Date.now()): number {
  const starts = istiods.map(({ status }) => Date.parse(String(status?.startTime))).filter((start) => start > 0);
  return Math.max(takenMs, Math.max(0, ...starts) + connectedMs - now);
}

function statusOf(pod: LiveObject, known: readonly SyncStatus[]): SyncStatus | undefined {
  const { namespace, name } = refOfPod(pod);
  return known.find(({ proxy }) => proxy === `${name}.${namespace}`);
}

/** @returns whether every pod's proxy is connected and has taken all that it was sent. */
export function judgeSynced(
  pods: readonly LiveObject[],
  known: readonly SyncStatus[],
  filters: readonly LiveObject[],
  kubectl: string,
): Outcome {
  for (const pod of pods) {
    const { namespace, name } = refOfPod(pod);
    const status = statusOf(pod, known);
    if (!status) {
      return fail(
        `istiod does not know ${nameOf(pod)}`,
        `the proxy of ${nameOf(pod)} is not connected to istiod, and keeps an old configuration`,
        `${kubectl} -n ${namespace} logs ${name} -c istio-proxy --tail 20`,
      );
    }
    for (const [type, resource] of Object.entries(status.resources ?? {})) {
      const kind = type.split(".").at(-1);
      const error = resource.lastError;
      if (error) {
        const suspects = filters.length > 0 ? `; suspects: EnvoyFilter ${filters.map(nameOf).join(", ")}` : "";
        return fail(
          `${nameOf(pod)} rejects its configuration (${kind})`,
          `the proxy of ${nameOf(pod)} refuses what istiod sends, and keeps the old: ${error.replace(/\s+/g, " ").slice(0, 300)}${suspects}`,
          `${kubectl} -n ${namespace} logs ${name} -c istio-proxy --tail 20`,
        );
      }
      if (resource.sent && resource.sent !== resource.acked) {
        return fail(
          `${nameOf(pod)} has not acknowledged its configuration (${kind})`,
          `the proxy of ${nameOf(pod)} has not taken what istiod sent last: it is busy, or the connection hangs`,
          `${kubectl} -n ${namespace} logs ${name} -c istio-proxy --tail 20`,
        );
      }
    }
  }
  return pass(`${pods.length} proxies have acknowledged all they were sent`);
}

async function readyIstiods({ cluster, declared }: Context): Promise<LiveObject[]> {
  return (await cluster.list("v1", "Pod", declared.namespaces.system)).filter(
    (pod) => pod.metadata?.labels?.app === "istiod" && isAlive(pod) && isReady(pod),
  );
}

async function ask({ cluster, declared }: Context, pods: readonly LiveObject[]): Promise<SyncStatus[] | string> {
  const { system } = declared.namespaces;
  const answers = await Promise.all(
    pods.map((pod) => cluster.inPod(system, refOfPod(pod).name, debugPort, "/debug/syncz")),
  );
  const wrong = answers.find(({ status }) => status !== 200);
  return wrong
    ? (wrong.error ?? `HTTP ${wrong.status} ${wrong.body}`)
    : answers.flatMap(({ body }) => (JSON.parse(body) as SyncStatus[] | null) ?? []);
}

/** Has every proxy taken what istiod sent? */
export const synced: Check = {
  name: "synced",
  description: "every proxy has its configuration",
  needs: ["istiod", "injected", "gateway", "certificates"],
  async run(context) {
    const { cluster } = context;
    const filters = await cluster.list("networking.istio.io/v1alpha3", "EnvoyFilter");
    const started = Date.now();
    for (;;) {
      const istiods = await readyIstiods(context);
      const known = await ask(context, istiods);
      if (typeof known === "string") {
        return fail(
          known,
          "istiod does not show the configuration of its proxies: its debug interface is off or not reached",
          `${cluster.kubectl} -n ${context.declared.namespaces.system} logs deployment/istiod --tail 20`,
        );
      }
      const pods = await proxies(context);
      const outcome = judgeSynced(pods, known, filters, cluster.kubectl);
      const patience = pods.every((pod) => statusOf(pod, known)) ? takenMs : connectionMs(istiods, started);
      if (outcome.verdict === "pass" || Date.now() - started > patience) {
        return outcome;
      }
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  },
};

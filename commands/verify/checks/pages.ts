import { isGuarded } from "../../../components/guards";
import { dataSourceUid } from "../../../components/observability/dashboards/dataSources";
import { grafanaPort } from "../../../components/observability/grafana";
import { installedTracing } from "../../../components/observability/tracing";
import type { DeclaredMesh } from "../../../stacks/declared";
import { askPage, pagePath, until } from "../backends";
import type { Check, Context, Outcome } from "../check";
import { fail, pass, skip } from "../check";
import { kialiReader } from "../kialiSession";
import { troubleOfWorkload } from "../workloads";

/** Kiali's graph, as far as edges go. */
export interface KialiGraph {
  elements?: {
    nodes?: { data: { id: string; app?: string; service?: string; workload?: string } }[];
    edges?: { data: { source: string; target: string } }[];
  };
}

/** @returns the edges of a graph between applications. */
export function graphEdges({ elements = {} }: KialiGraph): string[] {
  const names = new Map(
    (elements.nodes ?? []).map(({ data }) => [data.id, data.app ?? data.workload ?? data.service ?? "unknown"]),
  );
  return (elements.edges ?? []).map(({ data }) => `${names.get(data.source)} -> ${names.get(data.target)}`);
}

/** @returns the edges that are sure to carry requests: from the gateway, and with load between services. */
export function expectedEdges({ services, gateway, namespaces, loadPerSecond }: DeclaredMesh): string[] {
  return services.flatMap(({ name, path, callers, ...guards }) => [
    ...(path === undefined ? [] : [`${gateway.name} -> ${name}`]),
    ...(loadPerSecond === undefined || isGuarded(guards, "/")
      ? []
      : callers
          .filter(({ namespace, serviceAccount }) => {
            return namespace === namespaces.mesh && services.some((one) => one.name === serviceAccount);
          })
          .map(({ serviceAccount }) => `${serviceAccount} -> ${name}`)),
  ]);
}

/** Seconds until requests that were counted are in the graph. */
const graphSeconds = 15;

/** Does Kiali draw the declared edges? */
export const kiali: Check = {
  name: "kiali",
  description: "Kiali's graph has the edges",
  needs: ["metrics"],
  async run(context): Promise<Outcome> {
    const { cluster, declared } = context;
    const { observability, mesh } = declared.namespaces;
    if (!declared.kiali) {
      return skip("Kiali is not installed: the key kiali is false, or the profile has no image of it");
    }
    const trouble = await troubleOfWorkload(cluster, "StatefulSet", observability, "kiali");
    const next = `${cluster.kubectl} -n ${observability} logs statefulset/kiali --tail 20`;
    if (trouble) {
      return fail(trouble, `Kiali is not running: ${trouble}`, next);
    }
    const health = await askPage(context, "kiali", "/healthz");
    if (health.status !== 200) {
      return fail(health.error ?? `HTTP ${health.status}`, "Kiali runs, but does not answer", next);
    }
    const read = await kialiReader(context);
    if (typeof read === "object") {
      return read;
    }
    const wanted = expectedEdges(declared);
    let edges: string[] = [];
    const query = new URLSearchParams({ namespaces: mesh, duration: "60s", graphType: "app" }).toString();
    const { found } = await until(graphSeconds, async () => {
      const { status, body } = await read(`/api/namespaces/graph?${query}`);
      edges = status === 200 ? graphEdges(JSON.parse(body) as KialiGraph) : [];
      return wanted.every((edge) => edges.includes(edge)) ? edges : undefined;
    });
    return found
      ? pass(wanted.join(", "))
      : fail(
          `the graph has ${edges.join(", ") || "no edges"}`,
          `Kiali does not draw ${wanted.filter((edge) => !edges.includes(edge)).join(", ")}: it does not reach Prometheus, or its series lack the labels`,
          next,
        );
  },
};

/** @returns what makes Grafana take a request for its admin's. */
async function adminHeaders({ cluster, declared }: Context): Promise<Record<string, string>> {
  const namespace = declared.namespaces.observability;
  const secret = await cluster.client.get({ apiVersion: "v1", kind: "Secret", name: "grafana-admin", namespace });
  const password = Buffer.from(secret?.data?.password ?? "", "base64").toString("utf8");
  return { authorization: `Basic ${Buffer.from(`admin:${password}`).toString("base64")}` };
}

/** Is Grafana healthy, with data sources that work? */
export const grafana: Check = {
  name: "grafana",
  description: "Grafana and its data sources",
  needs: [],
  async run(context): Promise<Outcome> {
    const { cluster, declared } = context;
    const { observability } = declared.namespaces;
    if (!declared.grafana) {
      return skip("Grafana is not installed: the key grafana is false, or the profile has no image of it");
    }
    const trouble = await troubleOfWorkload(cluster, "StatefulSet", observability, "grafana");
    const next = `${cluster.kubectl} -n ${observability} logs statefulset/grafana --tail 20`;
    if (trouble) {
      return fail(trouble, `Grafana is not running: ${trouble}`, next);
    }
    const health = await askPage(context, "grafana", "/api/health");
    if (health.status !== 200 || (JSON.parse(health.body) as { database?: string }).database !== "ok") {
      return fail(health.body.slice(0, 200) || `HTTP ${health.status}`, "Grafana runs, but is not healthy", next);
    }
    const tracing = installedTracing(declared.tracing.kind);
    const names = [
      ...(declared.metrics.kind === "none" ? [] : (["prometheus"] as const)),
      ...(declared.logs.kind === "loki" ? (["loki"] as const) : []),
      ...(tracing ? [tracing.name] : []),
    ];
    const headers = await adminHeaders(context);
    const answers = await Promise.all(
      names.map(async (name) => {
        const path = pagePath(declared, "grafana", `/api/datasources/uid/${dataSourceUid(name)}/health`);
        return { name, answer: await cluster.inPod(observability, "grafana-0", grafanaPort, path, headers) };
      }),
    );
    const broken = answers.find(({ answer }) => answer.status !== 200);
    return broken
      ? fail(
          `data source ${broken.name}: HTTP ${broken.answer.status} ${broken.answer.body.slice(0, 200)}`,
          `Grafana does not reach its data source ${broken.name}: that backend is down, or its URL is wrong`,
          next,
        )
      : pass(`it is healthy, and so are ${names.join(", ")}`);
  },
};

import { inRegistry } from "../../components/imageReference";
import type { DeclaredResource } from "../pulumi/events";

/** A chart that a stack installs. */
export interface ListedChart {
  name: string;
  /** Undefined for a chart of a folder, which has its own. */
  version?: string;
  /** Helm repository, OCI registry, or folder. */
  source: string;
}

/** An image that a stack runs. */
export interface ListedImage {
  image: string;
  /** Where it is taken from, if a mirror is configured. */
  mirror?: string;
  /** Resources that run it. */
  usedBy: string[];
}

/** All that has to be there before a stack can be installed without internet. */
export interface Supplies {
  charts: ListedChart[];
  images: ListedImage[];
}

interface Container {
  image?: string;
}

interface PodTemplate {
  spec?: { containers?: Container[]; initContainers?: Container[] };
}

/** The values that our releases give to Istio's charts, as far as images go. */
interface ChartValues {
  image?: string;
  global?: { hub?: string; tag?: string; proxy?: { image?: string }; proxy_init?: { image?: string } };
}

/**
 * @param resources What a program declares, without a mirror.
 * @param registry The mirror, if there is one.
 * @returns every chart and image that the resources need.
 */
export function suppliesOf(resources: readonly DeclaredResource[], registry?: string): Supplies {
  const charts = new Map<string, ListedChart>();
  const users = new Map<string, Set<string>>();
  const use = (image: string | undefined, user: string) => {
    if (image !== undefined) {
      users.set(image, (users.get(image) ?? new Set()).add(user));
    }
  };
  for (const { type, name, props } of resources) {
    if (type === "kubernetes:helm.sh/v3:Release") {
      const chart = chartOf(props);
      charts.set(chart.name + chart.source, chart);
      imagesOfChart(chart.name, props.values ?? {}).forEach((image) => use(image, name));
    }
    const template = (props.spec as { template?: PodTemplate } | undefined)?.template;
    for (const { image } of [...(template?.spec?.containers ?? []), ...(template?.spec?.initContainers ?? [])]) {
      use(image, name);
    }
  }
  return {
    charts: [...charts.values()],
    images: [...users]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([image, by]) => ({
        image,
        ...(registry !== undefined && { mirror: inRegistry(image, registry) }),
        usedBy: [...by].sort(),
      })),
  };
}

function chartOf(props: Record<string, unknown>): ListedChart {
  const { chart, version, repositoryOpts } = props as {
    chart: string;
    version?: string;
    repositoryOpts?: { repo?: string };
  };
  if (repositoryOpts?.repo !== undefined) {
    return { name: chart, version, source: repositoryOpts.repo };
  }
  const parts = chart.split("/");
  const name = parts.pop() ?? chart;
  return { name, ...(version !== undefined && { version }), source: parts.join("/") };
}

/**
 * What runs from Istio's charts is not declared: istiod is in its chart, and sidecars and gateways (`image: auto`) get
 * the image from the injector's values. A folder of charts may have them under the names of Istio's source tree.
 */
function imagesOfChart(chart: string, { image, global = {} }: ChartValues): string[] {
  const own = (name: string) => `${global.hub}/${name}:${global.tag}`;
  switch (chart) {
    case "istiod":
    case "istio-discovery": {
      const proxy = global.proxy?.image ?? own("proxyv2");
      return [image ?? own("pilot"), proxy, global.proxy_init?.image ?? proxy];
    }
    case "cni":
    case "istio-cni":
      return [image ?? own("install-cni")];
    default:
      return [];
  }
}

import { existsSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";

/** Where Istio's Helm charts come from. */
export type ChartSource =
  /** A Helm repository, for example `https://blob.istio.io/istio-release/charts`. */
  | { kind: "repo"; url: string }
  /** An OCI registry and path, for example `oci://registry.example.com/charts`. */
  | { kind: "oci"; url: string }
  /** A folder on this machine, as `helm pull --untar` leaves it, or as Istio's source tree has it. */
  | { kind: "folder"; path: string };

/** Name of a chart of Istio's that this project installs. */
export type IstioChart = "base" | "istiod" | "gateway" | "cni";

/** Where a chart stands in a folder: first as `helm pull` leaves it, then as Istio's source tree has it. */
const folderLayouts: Record<IstioChart, string[]> = {
  base: ["base"],
  istiod: ["istiod", "istio-control/istio-discovery"],
  gateway: ["gateway"],
  cni: ["cni", "istio-cni"],
};

/** The charts without which there is no mesh. */
const requiredCharts: readonly IstioChart[] = ["base", "istiod", "gateway"];

/** @returns the source that a config value means: `oci://...`, `http(s)://...`, or a path. */
export function parseChartSource(value: string): ChartSource {
  if (value.startsWith("oci://")) {
    return { kind: "oci", url: value.replace(/\/+$/, "") };
  }
  return /^https?:\/\//.test(value) ? { kind: "repo", url: value } : { kind: "folder", path: value };
}

/** @returns the charts of `charts` that a folder lacks; empty if it can be used as a source. */
export function chartsMissingFrom(folder: string, charts: readonly IstioChart[] = requiredCharts): IstioChart[] {
  return charts.filter((chart) => findInFolder(folder, chart) === undefined);
}

/**
 * @returns the args of a Helm Release that say where `chart` comes from.
 * @throws Error if the source is a folder without that chart.
 */
export function chartReference(source: ChartSource, chart: IstioChart, version: string) {
  switch (source.kind) {
    case "repo":
      return { chart, version, repositoryOpts: { repo: source.url } };
    case "oci":
      return { chart: `${source.url}/${chart}`, version };
    case "folder": {
      // The folder's own version is what gets installed; naming one here would only make Helm look elsewhere.
      const path = findInFolder(source.path, chart);
      if (!path) {
        throw new Error(`chart ${chart} is not in ${source.path}: looked for ${folderLayouts[chart].join(", ")}`);
      }
      return { chart: path };
    }
  }
}

/**
 * @returns the folder of the chart `gateway-api`, which this package brings along: the definitions of GatewayClass,
 * Gateway, HTTPRoute and ReferenceGrant, of the version that Istio is built with and of the experimental channel, which
 * alone has an HTTPRoute's retries. It installs those that the cluster lacks, and leaves all when it goes. `npm run
 * schemas` fills it.
 */
export function gatewayApiChart(): string {
  const folder = relative(process.cwd(), join(__dirname, "charts", "gateway-api"));
  // The state of a stack keeps the path, and is the same on each machine where the package is below the program.
  return isAbsolute(folder) || folder.startsWith("..") ? join(__dirname, "charts", "gateway-api") : folder;
}

function findInFolder(folder: string, chart: IstioChart): string | undefined {
  return folderLayouts[chart].map((name) => join(folder, name)).find((path) => existsSync(join(path, "Chart.yaml")));
}

import { existsSync } from "node:fs";
import { chartsMissingFrom, parseChartSource } from "../components/helmChart";
import type { ChartSource } from "../components/helmChart";
import { isDnsLabel } from "../components/validation";
import { istioChartRepo, istioHub, istioVersion } from "../components/versions";
import type { ConfigReader } from "./configReader";

/** What config says of Istio. */
export interface IstioConfig {
  version: string;
  charts: ChartSource;
  hub: string;
  tag: string;
  revision?: string;
  meshConfig: Record<string, unknown>;
  egressGateway: boolean;
  /** Install istio-cni. */
  cni: boolean;
}

/** Reads the keys of Istio. */
export function readIstio(reader: ConfigReader): IstioConfig {
  const version = reader.textThat(
    "istioVersion",
    istioVersion,
    (v) => /^\d+\.\d+\.\d+(-[\w.]+)?$/.test(v),
    "use a full version such as 1.30.4",
  );
  const cni = reader.boolean("istioCni", false);
  return {
    version,
    charts: readCharts(reader, cni),
    hub: reader.textThat(
      "istioHub",
      istioHub,
      (v) => !/\s|:\/\/|\/$/.test(v),
      "use registry/path, no scheme and no / at the end",
    ),
    tag: reader.textThat("istioTag", version, (v) => /^[\w][\w.-]{0,127}$/.test(v), "use an image tag such as 1.30.4"),
    revision: reader.textThat(
      "istioRevision",
      undefined,
      isDnsLabel,
      "use a DNS label such as canary or 1-30-4 with a letter first",
    ),
    meshConfig: reader.object("istioMeshConfig"),
    egressGateway: reader.boolean("egressGateway", false),
    cni,
  };
}

function readCharts(reader: ConfigReader, cni: boolean): ChartSource {
  const key = "istioCharts";
  const value = reader.text(key, istioChartRepo);
  const source = parseChartSource(value);
  if (source.kind === "folder") {
    const missing = [...chartsMissingFrom(source.path), ...(cni ? chartsMissingFrom(source.path, ["cni"]) : [])];
    if (!existsSync(source.path)) {
      reader.problem(
        key,
        value,
        "no such folder; use https://..., oci://... or the path of a folder with Istio's charts",
      );
    } else if (missing.length > 0) {
      reader.problem(key, value, `this folder lacks the chart ${missing.join(", ")}; fetch it with helm pull --untar`);
    }
  }
  return source;
}

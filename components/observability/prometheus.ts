import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ArgsCheck } from "../validation";
import { declareBackend } from "./backend";
import type { Sizing } from "./backend";
import { dashboardServices } from "./endpoints";
import { durationSeconds, prometheusConfig } from "./prometheusConfig";
import type { PrometheusConfigArgs } from "./prometheusConfig";
import type { Objective } from "./objectives";
import { prometheusRules } from "./rules";

/** Args of {@link Prometheus}. */
export interface PrometheusArgs extends Omit<PrometheusConfigArgs, "targets"> {
  /** Namespace of all that is made. */
  namespace: pulumi.Input<string>;
  /** Image of Prometheus 3. */
  image: string;
  /** Pods, volume, requests and limits. Each replica scrapes everything. */
  sizing: Sizing;
  /** How long samples are kept, for example `15d`. */
  retention: string;
  /** Backends that are scraped too, `host:port` by job. */
  targets: Record<string, string>;
  /** What services promise: rules and alerts are made of it. Default: nothing. */
  objectives?: readonly Objective[];
  /** Path under which it is served, for example `/prometheus`. Default: none. */
  path?: string;
}

const { port } = dashboardServices.prometheus;

const user = 65534;

/** It looks pods up to find what to scrape, and may read nothing else. */
const clusterRules: k8s.types.input.rbac.v1.PolicyRule[] = [
  { apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] },
];

/** Prometheus: scrapes istiod, every proxy and the other backends, and holds the recording and alerting rules. */
export class Prometheus extends pulumi.ComponentResource {
  /** URL inside the cluster, known once it answers. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: PrometheusArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:Prometheus", name, {}, opts);
    new ArgsCheck("Prometheus")
      .require(durationSeconds(args.retention) !== undefined, "retention", args.retention, "use a duration such as 15d")
      .require(args.scrapeSeconds >= 1, "scrapeSeconds", args.scrapeSeconds, "use 1 or more")
      .done(this);

    const path = args.path ?? "";
    const { service, workload } = declareBackend(
      name,
      {
        namespace: args.namespace,
        app: "prometheus",
        image: args.image,
        args: [
          "--config.file=/etc/prometheus/prometheus.yml",
          "--storage.tsdb.path=/prometheus",
          `--storage.tsdb.retention.time=${args.retention}`,
          ...(path ? [`--web.external-url=http://localhost${path}`, `--web.route-prefix=${path}`] : []),
        ],
        user,
        ports: [{ name: "http", port }],
        ready: { path: `${path}/-/ready`, port },
        config: {
          "prometheus.yml": prometheusConfig({
            ...args,
            targets: { prometheus: `localhost:${port}`, ...args.targets },
            metricsPaths: path ? { prometheus: `${path}/metrics`, ...args.metricsPaths } : args.metricsPaths,
          }),
          "rules.yml": prometheusRules(args.objectives ?? [], args.scrapeSeconds),
        },
        configFolder: "/etc/prometheus",
        dataFolder: "/prometheus",
        clusterRules,
        sizing: args.sizing,
      },
      this,
    );

    this.url = pulumi
      .all([args.namespace, service.metadata.name, workload.id])
      .apply(([namespace, serviceName]) => `http://${serviceName}.${namespace}:${port}${path}`);
    this.registerOutputs({ url: this.url });
  }
}

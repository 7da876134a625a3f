import { createRequire } from "node:module";
import { setImmediate } from "node:timers/promises";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { declareBackend } from "./backend";
import type { PodSizing } from "./backend";
import type * as Dashboards from "./dashboards";
import { dataSourceUid } from "./dashboards/dataSources";
import { dashboardServices } from "./endpoints";
import type { TracingBackendName } from "./tracing";

const requireLate = createRequire(__filename);

/** URLs of what Grafana shows, inside the cluster; what is left out it does not show. */
export interface DataSourceUrls {
  prometheus?: string;
  loki?: string;
  /** The tracing backend; its name is the type of its data source, too. */
  tracing?: { name: TracingBackendName; url: string };
}

/** Args of {@link Grafana}. */
export interface GrafanaArgs {
  /** Namespace of all that is made. */
  namespace: pulumi.Input<string>;
  image: string;
  /** Pods, requests and limits. Everything it shows is declared, so that it needs no volume. */
  sizing: PodSizing;
  sources: DataSourceUrls;
  /** Show the dashboards to those who do not log in, too. Default false. */
  anonymousViewers?: boolean;
  /** Path under which it is served, for example `/grafana`. Default: none. */
  path?: string;
}

/** Port of Grafana's page and API. */
export const grafanaPort = dashboardServices.grafana.port;

const user = 472;
const dashboardFolder = "/var/lib/grafana-dashboards";

/**
 * @returns the provisioned data sources: a line leads to its trace, a trace to its lines and its service's metrics.
 * JSON is YAML too.
 */
export function dataSources({ prometheus, loki, tracing }: DataSourceUrls): string {
  type Source = Parameters<typeof dataSourceUid>[0];
  const source = (type: Source, url: string, jsonData: Record<string, unknown>, isDefault = false) => ({
    name: type[0]!.toUpperCase() + type.slice(1),
    uid: dataSourceUid(type),
    type,
    access: "proxy",
    url,
    isDefault,
    editable: false,
    jsonData,
  });
  // Provisioning expands variables; two $ stand for one that Grafana itself is to expand.
  const query = (name: string) => `$\${${name}}`;
  const serviceTag = { key: "istio.canonical_service", value: "destination_canonical_service" };
  return JSON.stringify(
    {
      apiVersion: 1,
      datasources: [
        ...(prometheus ? [source("prometheus", prometheus, { httpMethod: "POST", timeInterval: "15s" }, true)] : []),
        ...(loki
          ? [
              source("loki", loki, {
                derivedFields: tracing
                  ? [
                      {
                        name: "Trace",
                        matcherType: "label",
                        matcherRegex: "trace_id",
                        url: query("__value.raw"),
                        datasourceUid: dataSourceUid(tracing.name),
                        urlDisplayLabel: "Show trace",
                      },
                    ]
                  : [],
              }),
            ]
          : []),
        ...(tracing
          ? [
              source(tracing.name, tracing.url, {
                ...(loki && {
                  tracesToLogsV2: {
                    datasourceUid: dataSourceUid("loki"),
                    customQuery: true,
                    query: `{service_name=~".+"} | trace_id="${query("__trace.traceId")}"`,
                    spanStartTimeShift: "-5m",
                    spanEndTimeShift: "5m",
                  },
                }),
                ...(prometheus && {
                  tracesToMetrics: {
                    datasourceUid: dataSourceUid("prometheus"),
                    tags: [serviceTag],
                    queries: [
                      {
                        name: "Requests a second",
                        query: 'sum(rate(istio_requests_total{reporter="destination", $$__tags}[5m]))',
                      },
                    ],
                  },
                }),
              }),
            ]
          : []),
      ],
    },
    undefined,
    2,
  );
}

/** @returns grafana.ini. */
export function grafanaIni({ anonymousViewers = false, path }: Pick<GrafanaArgs, "anonymousViewers" | "path">): string {
  const lines = [
    "[analytics]",
    "reporting_enabled = false",
    "check_for_updates = false",
    "check_for_plugin_updates = false",
    "[users]",
    "allow_sign_up = false",
    ...(anonymousViewers ? ["[auth.anonymous]", "enabled = true", "org_role = Viewer"] : []),
    "[dashboards]",
    `default_home_dashboard_path = ${dashboardFolder}/mesh-overview.json`,
    "[news]",
    "news_feed_enabled = false",
    ...(path ? ["[server]", `root_url = %(protocol)s://%(domain)s${path}/`, "serve_from_sub_path = true"] : []),
  ];
  return lines.join("\n") + "\n";
}

/** Configures where Grafana finds its dashboards. */
const dashboardProvider = JSON.stringify({
  apiVersion: 1,
  providers: [
    {
      name: "mesh",
      folder: "Mesh",
      type: "file",
      allowUiUpdates: false,
      options: { path: dashboardFolder },
    },
  ],
});

/**
 * @returns the dashboards, by file. To load Grafana's SDK and to build them takes longer than all else here: it is done
 * once the rest is declared, while the engine is at work on that.
 */
async function dashboardFiles(): Promise<Record<string, string>> {
  await setImmediate();
  return (requireLate("./dashboards") as typeof Dashboards).dashboardFiles();
}

/** Grafana with its data sources and dashboards, all of it declared, and a generated password. */
export class Grafana extends pulumi.ComponentResource {
  /** URL inside the cluster, known once it answers. */
  readonly url: pulumi.Output<string>;
  /** Password of `admin`; a secret. */
  readonly adminPassword: pulumi.Output<string>;

  constructor(name: string, args: GrafanaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:Grafana", name, {}, opts);
    const { namespace } = args;
    const password = new random.RandomPassword(`${name}-admin`, { length: 24, special: false }, { parent: this });
    this.adminPassword = pulumi.secret(password.result);
    const secret = new k8s.core.v1.Secret(
      `${name}-admin`,
      { metadata: { name: "grafana-admin", namespace }, stringData: { password: this.adminPassword } },
      { parent: this },
    );
    const dashboards = new k8s.core.v1.ConfigMap(
      `${name}-dashboards`,
      { metadata: { name: "grafana-dashboards", namespace }, data: dashboardFiles() },
      { parent: this },
    );
    const path = args.path ?? "";
    const { service, workload } = declareBackend(
      name,
      {
        namespace,
        app: "grafana",
        image: args.image,
        args: ["--config=/etc/grafana/grafana.ini"],
        env: [
          { name: "GF_SECURITY_ADMIN_USER", value: "admin" },
          {
            name: "GF_SECURITY_ADMIN_PASSWORD",
            valueFrom: { secretKeyRef: { name: secret.metadata.name, key: "password" } },
          },
          { name: "GF_PATHS_PROVISIONING", value: "/etc/grafana/provisioning" },
        ],
        user,
        ports: [{ name: "http", port: grafanaPort }],
        ready: { path: `${path}/api/health`, port: grafanaPort },
        config: {
          "grafana.ini": grafanaIni(args),
          "datasources.yaml": dataSources(args.sources),
          "dashboards.yaml": dashboardProvider,
        },
        configItems: {
          "grafana.ini": "grafana.ini",
          "datasources.yaml": "provisioning/datasources/datasources.yaml",
          "dashboards.yaml": "provisioning/dashboards/dashboards.yaml",
        },
        configFolder: "/etc/grafana",
        dataFolder: "/var/lib/grafana",
        volumes: [{ name: "dashboards", configMap: { name: dashboards.metadata.name } }],
        volumeMounts: [{ name: "dashboards", mountPath: dashboardFolder, readOnly: true }],
        sizing: args.sizing,
      },
      this,
    );

    this.url = pulumi
      .all([namespace, service.metadata.name, workload.id])
      .apply(([ns, serviceName]) => `http://${serviceName}.${ns}:${grafanaPort}${path}`);
    this.registerOutputs({ url: this.url });
  }
}

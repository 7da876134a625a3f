import * as pulumi from "@pulumi/pulumi";
import { ArgsCheck } from "../validation";
import { declareBackend } from "./backend";
import type { Sizing } from "./backend";
import { durationSeconds } from "./prometheusConfig";

/** What Loki keeps logs in: its own volume, or an object store. */
export const LokiStorageKind = { Filesystem: "filesystem", S3: "s3" } as const;

/** One of {@link LokiStorageKind}. */
export type LokiStorageKind = (typeof LokiStorageKind)[keyof typeof LokiStorageKind];

/**
 * Where Loki keeps logs. Credentials of an object store come from the pod's identity, or from the Secret `loki-s3` with
 * AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
 */
export interface LokiStorage {
  /** What it is. */
  kind: LokiStorageKind;
  /** Name of the bucket, for `s3`. */
  bucket?: string;
  /** Region of the bucket. Default `us-east-1`. */
  region?: string;
  /** URL of an object store that is not Amazon's. */
  endpoint?: string;
}

/** Args of {@link Loki}. */
export interface LokiArgs {
  /** Namespace of all that is made. */
  namespace: pulumi.Input<string>;
  /** Image of Loki 3. */
  image: string;
  /** Pods, volume, requests and limits. More than one pod needs an object store. */
  sizing: Sizing;
  /** How long logs are kept, for example `30d`. */
  retention: string;
  storage: LokiStorage;
}

/** Ports of Loki: its API, and how its pods find each other. */
export const lokiPorts = { http: 3100, grpc: 9095, members: 7946 } as const;

/** @returns host and port of Loki's API, as the namespace (`observability`, or `observability.svc`) leads there. */
export function lokiAddress(namespace: string): string {
  return `loki.${namespace}:${lokiPorts.http}`;
}

const user = 10001;
const dataFolder = "/loki";

/** Largest message between Loki's parts, in bytes: what its gRPC clients take by default. */
const maxMessageBytes = 100 * 1024 * 1024;

/** @returns loki.yaml for one process, or for several that share an object store; JSON is YAML too. */
export function lokiConfig({ storage, retention, sizing }: Pick<LokiArgs, "storage" | "retention" | "sizing">): string {
  const several = sizing.replicas > 1;
  const objectStore = storage.kind === "s3" ? "s3" : "filesystem";
  return JSON.stringify(
    {
      auth_enabled: false,
      analytics: { reporting_enabled: false },
      server: {
        http_listen_port: lokiPorts.http,
        grpc_listen_port: lokiPorts.grpc,
        log_level: "warn",
        // Its querier checks an answer against what its clients take, 100 MiB. A server that takes less drops the
        // answer without a word, and the question waits until it times out.
        grpc_server_max_recv_msg_size: maxMessageBytes,
        grpc_server_max_send_msg_size: maxMessageBytes,
        // Longer than a question may take, one minute, so that its error arrives.
        http_server_write_timeout: "2m",
      },
      common: {
        path_prefix: dataFolder,
        replication_factor: Math.min(sizing.replicas, 3),
        ring: several
          ? { kvstore: { store: "memberlist" } }
          : { instance_addr: "127.0.0.1", kvstore: { store: "inmemory" } },
        storage:
          storage.kind === "s3"
            ? {
                s3: {
                  bucketnames: storage.bucket,
                  region: storage.region ?? "us-east-1",
                  ...(storage.endpoint && { endpoint: storage.endpoint, s3forcepathstyle: true }),
                },
              }
            : { filesystem: { chunks_directory: `${dataFolder}/chunks`, rules_directory: `${dataFolder}/rules` } },
      },
      ...(several && { memberlist: { join_members: [`loki-members:${lokiPorts.members}`] } }),
      schema_config: {
        configs: [
          {
            from: "2024-04-01",
            store: "tsdb",
            object_store: objectStore,
            schema: "v13",
            index: { prefix: "index_", period: "24h" },
          },
        ],
      },
      limits_config: {
        retention_period: `${Math.max(1, Math.round((durationSeconds(retention) ?? 0) / 3600))}h`,
        // What waited while Loki was down comes late.
        reject_old_samples: false,
        unordered_writes: true,
        allow_structured_metadata: true,
        volume_enabled: true,
      },
      compactor: {
        working_directory: `${dataFolder}/compactor`,
        retention_enabled: true,
        delete_request_store: objectStore,
      },
      // A line can be found a second after it came in, also while it is only in the ingester's memory; a crash makes it
      // replay its log. An orderly end leaves nothing to replay, which would drop lines of requests that were taken
      // side by side.
      ingester: {
        wal: { enabled: true, dir: `${dataFolder}/wal`, flush_on_shutdown: true },
        chunk_idle_period: "15m",
        lifecycler: { min_ready_duration: several ? "15s" : "0s" },
      },
      query_range: { cache_results: false },
      // Its own parts find each other by looking again and again, which after ten seconds is all that it would wait for
      // at its start.
      frontend: { scheduler_dns_lookup_period: "1s" },
      frontend_worker: { dns_lookup_duration: "1s" },
    },
    undefined,
    2,
  );
}

/** Loki as a single binary: takes logs over OTLP, keeps and finds them. Several share an object store. */
export class Loki extends pulumi.ComponentResource {
  /** URL inside the cluster, known once it answers. OTLP goes to `/otlp` there. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: LokiArgs, opts?: pulumi.ComponentResourceOptions) {
    super("sidecar-mesh:index:Loki", name, {}, opts);
    new ArgsCheck("Loki")
      .require(durationSeconds(args.retention) !== undefined, "retention", args.retention, "use a duration such as 30d")
      .require(
        args.storage.kind === "s3" || args.sizing.replicas === 1,
        "sizing.replicas",
        args.sizing.replicas,
        "use 1, or storage of kind s3: pods can't share a file system",
      )
      .done(this);

    const { service, workload } = declareBackend(
      name,
      {
        namespace: args.namespace,
        app: "loki",
        image: args.image,
        args: ["-config.file=/etc/loki/loki.yaml", "-target=all"],
        user,
        envFromSecret: args.storage.kind === "s3" ? "loki-s3" : undefined,
        headlessService: args.sizing.replicas > 1 ? "loki-members" : undefined,
        ports: [
          { name: "http", port: lokiPorts.http },
          { name: "grpc", port: lokiPorts.grpc },
          { name: "tcp-members", port: lokiPorts.members },
        ],
        ready: { path: "/ready", port: lokiPorts.http },
        config: { "loki.yaml": lokiConfig(args) },
        configFolder: "/etc/loki",
        dataFolder,
        sizing: args.sizing,
      },
      this,
    );

    this.url = pulumi
      .all([args.namespace, service.metadata.name, workload.id])
      .apply(([namespace, serviceName]) => `http://${serviceName}.${namespace}:${lokiPorts.http}`);
    this.registerOutputs({ url: this.url });
  }
}

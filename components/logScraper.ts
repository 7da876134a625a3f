import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { scrapedLabel, sharedLog } from "./accessLog";
import {
  applicationFileMiB,
  applicationKeptMiB,
  applicationLogs,
  applicationRotator,
  defaultLogFiles,
  logFilesVariable,
} from "./applicationLog";
import type { LogFiles } from "./applicationLog";
import { collectorHealthPort, envName, queueBytes, queueFolder, scraperConfig } from "./collectorConfig";
import type { CollectorBackend } from "./collectorConfig";
import { drainSeconds, sleepBeforeStop } from "./drain";
import type { PodExtras } from "./podExtras";
import { configHash, containerSecurity } from "./observability/backend";
import type { Resources } from "./observability/backend";

/** Args of {@link LogScraper}. */
export interface LogScraperArgs {
  /** Namespace of the pods. */
  namespace: pulumi.Input<string>;
  /** Image of the OpenTelemetry Collector. */
  image: string;
  /** Image with a shell, for the rotation. */
  shellImage: string;
  /** Log store. */
  backend: CollectorBackend;
  /** Requests and limits of the scraper in each pod. */
  resources: Resources;
}

/** Configuration of a scraper of the access log alone, and of one that reads the application's files as well. */
const [configFile, applicationConfigFile] = ["config.json", "with-files.json"] as const;

/** A service, as far as its scraper goes. */
interface Scraped {
  serviceName: string;
  version?: string;
  /** What the application writes to files. Default: none is read. */
  logFiles?: LogFiles;
  /** User that the application runs as, whose files these are. Default: the scraper's. */
  user?: number;
}

/** Any user that is not root, and not Envoy's. */
const user = 65532;

/** Seconds that the scraper goes on after the pod's deletion began: a little longer than the application drains. */
const lastLinesSeconds = drainSeconds + 2;

const MiB = 1024 * 1024;

/** Requests and limits of the container that rotates the log. */
export const rotatorResources: Resources = { requests: { cpu: "1m", memory: "4Mi" }, limits: { memory: "16Mi" } };

/** Size at which the access log is put aside, in bytes, and how many of those are kept. */
export const rotation = { fileBytes: 8 * MiB, kept: 2, everySeconds: 2 } as const;

/** Room of the shared folder: all files full, and as much again for what is written between two looks. */
export const sharedFolderBytes = 2 * (rotation.kept + 1) * rotation.fileBytes;

/**
 * Rotates Envoy's access log: renames the file and asks Envoy, by its admin port inside the pod, to open a new one.
 * Nothing is copied or truncated, so that no line is lost on the way; the scraper goes on reading a renamed file where
 * it was. The oldest file is removed whether it was read or not: a log that may fill the disk would end the pod it is
 * about.
 */
export function rotationScript(file: string, { fileBytes, kept, everySeconds }: typeof rotation = rotation): string {
  const shift = Array.from({ length: kept - 1 }, (_, i) => kept - 1 - i).map(
    (i) => `[ -e "$log.${i}" ] && mv -f "$log.${i}" "$log.${i + 1}"`,
  );
  return [
    // A shell that is process 1 ignores SIGTERM without a trap.
    "trap 'exit 0' TERM",
    `log=${file}`,
    "while true; do",
    `  if [ -e "$log" ] && [ "$(stat -c %s "$log")" -ge ${fileBytes} ]; then`,
    ...shift.map((line) => `    ${line}`),
    '    mv -f "$log" "$log.1"',
    "    wget -q -O /dev/null --post-data= http://127.0.0.1:15000/reopen_logs || echo 'Envoy does not answer' >&2",
    "  fi",
    `  sleep ${everySeconds} & wait $!`,
    "done",
  ].join("\n");
}

/**
 * Size at which a file of an application is put aside, room of all its files, both in bytes, and how often they are
 * looked at.
 */
export const applicationRotation = {
  fileBytes: applicationFileMiB * MiB,
  keptBytes: applicationKeptMiB * MiB,
  everySeconds: 1,
} as const;

/**
 * Rotates files of an application that goes on writing to an open file: a full file is copied, to the last line that
 * was written meanwhile, and emptied. Each copy has a name of its own, so that none takes the place of one that is not
 * read yet: while the log store is away and the scraper's queue is full, copies wait until all files together have no
 * room left. Then the oldest copies go, and after these the contents of the oldest files, whether this or the
 * application rotated them.
 *
 * What is written between the last look at a file and its emptying, some microseconds of one process, is lost: no
 * command empties the read part of a file alone. An application that renames its own files before they are full loses
 * nothing. It needs no shell in the application's image.
 */
export function applicationRotationScript(
  folder: string,
  { fileBytes, keptBytes, everySeconds }: Record<keyof typeof applicationRotation, number> = applicationRotation,
): string {
  const { aside } = applicationLogs;
  return [
    "trap 'exit 0' TERM",
    `cd ${folder} || exit 1`,
    "turn=0",
    "total() {",
    "  sum=0",
    "  for size in $(stat -c %s -- * 2>/dev/null); do sum=$((sum + size)); done",
    "  echo $sum",
    "}",
    "while true; do",
    "  for log in *; do",
    `    case "$log" in *${aside}) continue;; esac`,
    `    [ -f "$log" ] && [ "$(stat -c %s -- "$log")" -ge ${fileBytes} ] || continue`,
    "    turn=$((turn + 1))",
    `    copy="$log.$(date +%s)-$turn${aside}"`,
    "    {",
    '      cat <&3 > "$copy" &&',
    // One process sees the end of the file and empties it at once.
    `        awk -v file="$log" '{ print } END { printf "" > file; close(file) }' <&3 >> "$copy"`,
    '    } 3< "$log"',
    "  done",
    `  while [ "$(total)" -gt ${keptBytes} ]; do`,
    `    oldest=$(ls -tr | grep '\\${aside}$' | head -n 1)`,
    '    if [ -n "$oldest" ]; then rm -f -- "$oldest"; continue; fi',
    "    # Emptied, not removed: it may still be open. The newest is the one that is written to.",
    "    newest=$(ls -t | head -n 1)",
    "    for oldest in $(ls -tr); do",
    '      if [ "$oldest" != "$newest" ] && [ -s "$oldest" ]; then : > "$oldest"; continue 2; fi',
    "    done",
    "    break",
    "  done",
    `  sleep ${everySeconds} & wait $!`,
    "done",
  ].join("\n");
}

/**
 * @returns the annotation that makes the injector mount a volume of the pod into the sidecar, whose root file system is
 * read-only.
 */
function sharedFolderAnnotation(volume: string): Record<string, string> {
  return { "sidecar.istio.io/userVolumeMount": JSON.stringify([{ name: volume, mountPath: sharedLog.folder }]) };
}

/** @returns the port that a URL leads to. */
export function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}

/**
 * A log scraper for the pods of one namespace: it creates the Collector's configuration there.
 * {@link LogScraper.extras} are the parts for each pod.
 */
export class LogScraper extends pulumi.ComponentResource {
  private readonly config: Record<string, pulumi.Input<string>>;
  private readonly configMap: pulumi.Output<string>;

  constructor(
    name: string,
    private readonly args: LogScraperArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("sidecar-mesh:index:LogScraper", name, {}, opts);
    this.config = {
      [configFile]: scraperConfig(args.backend),
      [applicationConfigFile]: scraperConfig(args.backend, true),
    };
    const configMap = new k8s.core.v1.ConfigMap(
      `${name}-config`,
      { metadata: { name: "log-scraper", namespace: args.namespace }, data: this.config },
      { parent: this },
    );
    this.configMap = configMap.metadata.name;
    this.registerOutputs({ configMap: this.configMap });
  }

  /** @returns what a pod needs beyond its own containers to have its access log scraped. */
  extras(service: Scraped): PodExtras {
    const sharedVolume = "access-log";
    const ofApplication = service.logFiles ? [this.applicationRotator(service.user)] : [];
    return {
      labels: scrapedLabel,
      annotations: {
        ...sharedFolderAnnotation(sharedVolume),
        // Through the sidecar, each delivery would be a request with a log line and a trace of its own, and so on
        // without end.
        "traffic.sidecar.istio.io/excludeOutboundPorts": String(portOf(this.args.backend.url)),
        "sidecar-mesh/log-scraper": configHash(this.config),
      },
      volumes: [
        { name: sharedVolume, emptyDir: { sizeLimit: `${sharedFolderBytes / MiB}Mi` } },
        { name: "log-scraper-config", configMap: { name: this.configMap } },
        { name: "log-queue", emptyDir: { sizeLimit: `${(4 * queueBytes) / MiB}Mi` } },
      ],
      containers: [this.scraper(service, sharedVolume), this.rotator(sharedVolume), ...ofApplication],
    };
  }

  private scraper(
    { serviceName, version = "v1", logFiles }: Scraped,
    sharedVolume: string,
  ): k8s.types.input.core.v1.Container {
    const field = (fieldPath: string) => ({ valueFrom: { fieldRef: { fieldPath } } });
    return {
      name: "log-scraper",
      image: this.args.image,
      imagePullPolicy: "IfNotPresent",
      args: [`--config=/etc/log-scraper/${logFiles ? applicationConfigFile : configFile}`],
      env: [
        { name: envName("service.name"), value: serviceName },
        { name: envName("service.version"), value: version },
        { name: envName("k8s.namespace.name"), ...field("metadata.namespace") },
        { name: envName("k8s.pod.name"), ...field("metadata.name") },
        ...(logFiles ? [{ name: logFilesVariable, value: logFiles.files ?? defaultLogFiles }] : []),
      ],
      resources: this.args.resources,
      // Envoy writes while the pod drains, and its last lines are wanted too.
      lifecycle: sleepBeforeStop(lastLinesSeconds),
      livenessProbe: { httpGet: { path: "/", port: collectorHealthPort }, periodSeconds: 15, failureThreshold: 4 },
      securityContext: { ...containerSecurity, runAsUser: user, runAsGroup: user },
      volumeMounts: [
        { name: sharedVolume, mountPath: sharedLog.folder, readOnly: true },
        ...(logFiles ? [{ name: applicationLogs.volume, mountPath: applicationLogs.folder, readOnly: true }] : []),
        { name: "log-scraper-config", mountPath: "/etc/log-scraper", readOnly: true },
        { name: "log-queue", mountPath: queueFolder },
        { name: "log-queue", mountPath: "/tmp", subPath: "tmp" },
      ],
    };
  }

  private rotator(sharedVolume: string): k8s.types.input.core.v1.Container {
    return {
      name: "log-rotator",
      image: this.args.shellImage,
      imagePullPolicy: "IfNotPresent",
      command: ["sh", "-c", rotationScript(sharedLog.file)],
      resources: rotatorResources,
      securityContext: { ...containerSecurity, runAsUser: user, runAsGroup: user },
      volumeMounts: [{ name: sharedVolume, mountPath: sharedLog.folder }],
    };
  }

  private applicationRotator(owner = user): k8s.types.input.core.v1.Container {
    return {
      ...this.rotator(applicationLogs.volume),
      name: applicationRotator,
      command: ["sh", "-c", applicationRotationScript(applicationLogs.folder)],
      // To empty a file takes its owner.
      securityContext: { ...containerSecurity, runAsUser: owner, runAsGroup: owner },
      volumeMounts: [{ name: applicationLogs.volume, mountPath: applicationLogs.folder }],
    };
  }
}

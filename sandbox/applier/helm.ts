import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run, tryRun } from "../system/run";

/** The inputs of a `kubernetes:helm.sh/v3:Release` that are put to use here. */
export interface ReleaseInputs {
  name: string;
  namespace: string;
  chart: string;
  version?: string;
  repositoryOpts?: { repo?: string };
  values?: Record<string, unknown>;
  timeout?: number;
}

/** What Helm says of a release. */
export interface ReleaseStatus {
  status: string;
  revision: number;
}

/** States in which Helm refuses to go on, because another Helm seems to be at work; here it was one that got killed. */
const unfinished = ["pending-install", "pending-upgrade", "pending-rollback", "uninstalling"];

/** How long a release is watched that somebody may still be at work on. */
const settlingMs = 15_000;

/** The helm command against one cluster. */
export class Helm {
  private readonly globals: string[];

  constructor(
    private readonly binary: string,
    kubeconfig: string | undefined,
    context: string | undefined,
  ) {
    this.globals = [
      ...(kubeconfig ? ["--kubeconfig", kubeconfig] : []),
      ...(context ? ["--kube-context", context] : []),
    ];
  }

  /** @returns a text that changes when what would be installed changes. */
  async digest({ name, namespace, chart, version, repositoryOpts, values }: ReleaseInputs): Promise<string> {
    const chartFile = join(chart, "Chart.yaml");
    const ownVersion = existsSync(chartFile) ? await readFile(chartFile, "utf8") : "";
    const all = JSON.stringify([name, namespace, chart, version, repositoryOpts, values, ownVersion]);
    return createHash("sha256").update(all).digest("hex");
  }

  /** @returns status of a release, or undefined if there is none. */
  async status(name: string, namespace: string): Promise<ReleaseStatus | undefined> {
    const result = await tryRun(this.binary, [...this.globals, "status", name, "-n", namespace, "-o", "json"]);
    if (result.code !== 0) {
      if (/not found/.test(result.stderr)) {
        return undefined;
      }
      throw new Error(`helm status ${name}: ${result.stderr.trim()}`);
    }
    const { info, version } = JSON.parse(result.stdout) as { info: { status: string }; version: number };
    return { status: info.status, revision: version };
  }

  /** Installs or upgrades a release and waits until it is ready. Picks up one that was left half done. */
  async upgrade(inputs: ReleaseInputs): Promise<void> {
    const { name, namespace, chart, version, repositoryOpts, values = {}, timeout = 600 } = inputs;
    const before = await this.settled(name, namespace);
    if (before && unfinished.includes(before.status)) {
      await this.recover(name, namespace, before);
    }
    const folder = await mkdtemp(join(tmpdir(), "sidecar-mesh-"));
    try {
      const file = join(folder, "values.json");
      await writeFile(file, JSON.stringify(values), { mode: 0o600 });
      await run(this.binary, [
        ...this.globals,
        ...["upgrade", "--install", name, chart, "-n", namespace, "-f", file, "--wait", "--timeout", `${timeout}s`],
        ...(version ? ["--version", version] : []),
        ...(repositoryOpts?.repo ? ["--repo", repositoryOpts.repo] : []),
      ]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Removes a release and waits until its objects are gone. */
  async uninstall(name: string, namespace: string): Promise<void> {
    await run(this.binary, [...this.globals, "uninstall", name, "-n", namespace, "--ignore-not-found", "--wait"]);
  }

  /**
   * @returns the status of a release once nobody seems to be at work on it. A helm that outlived whoever ran it is done in seconds, and
   * must not be undone while it works; one that was killed as well changes nothing any more.
   */
  private async settled(name: string, namespace: string): Promise<ReleaseStatus | undefined> {
    const end = Date.now() + settlingMs;
    for (;;) {
      const status = await this.status(name, namespace);
      if (!status || !unfinished.includes(status.status) || Date.now() > end) {
        return status;
      }
      await sleep(500);
    }
  }

  private async recover(name: string, namespace: string, { status, revision }: ReleaseStatus): Promise<void> {
    if (status === "pending-upgrade" && revision > 1) {
      await run(this.binary, [...this.globals, "rollback", name, "-n", namespace]);
    } else {
      await this.uninstall(name, namespace);
    }
  }
}

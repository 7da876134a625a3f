import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { processesWith } from "../system/proc";
import { run } from "../system/run";
import type { HelmRecords } from "./helmRecords";
import { isUnfinished } from "./helmRecords";

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

/** How long a release is watched that somebody may still be at work on, where it can't be told whether that is so. */
const settlingMs = 15_000;

/** Environment variable that marks a helm that changes a release, so that the next run knows whether it is still at work. */
const helmVariable = "SIDECAR_MESH_HELM";

/** The helm command against one cluster. */
export class Helm {
  private readonly globals: string[];

  constructor(
    private readonly binary: string,
    private readonly records: HelmRecords,
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

  /** @returns what Helm says of a release, such as `deployed`; undefined if there is none. */
  async status(name: string, namespace: string): Promise<string | undefined> {
    return (await this.records.of(name, namespace)).at(-1)?.status;
  }

  /**
   * Installs or upgrades a release. Picks up one that was left half done. Does not wait for what is in it: Helm looks every two seconds,
   * and of what is not ready in time it names nothing.
   */
  async upgrade(inputs: ReleaseInputs): Promise<void> {
    const { name, namespace, chart, version, repositoryOpts, values = {}, timeout = 600 } = inputs;
    await this.settled(name, namespace);
    await this.records.mend(name, namespace);
    const folder = await mkdtemp(join(tmpdir(), "sidecar-mesh-"));
    try {
      const file = join(folder, "values.json");
      await writeFile(file, JSON.stringify(values), { mode: 0o600 });
      await this.change(name, namespace, [
        ...["upgrade", "--install", name, chart, "-n", namespace, "-f", file, "--timeout", `${timeout}s`],
        ...(version ? ["--version", version] : []),
        ...(repositoryOpts?.repo ? ["--repo", repositoryOpts.repo] : []),
      ]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Removes a release and waits until its objects are gone. */
  async uninstall(name: string, namespace: string): Promise<void> {
    await this.change(name, namespace, ["uninstall", name, "-n", namespace, "--ignore-not-found", "--wait"]);
  }

  private async change(name: string, namespace: string, args: readonly string[]): Promise<void> {
    await run(this.binary, [...this.globals, ...args], { env: { [helmVariable]: this.mark(name, namespace) } });
  }

  private mark(name: string, namespace: string): string {
    return [...this.globals, namespace, name].join(" ");
  }

  /**
   * Waits until nobody is at work on a release. A helm that outlived whoever ran it must not be undone while it works; one that was
   * killed as well changes nothing any more.
   */
  private async settled(name: string, namespace: string): Promise<void> {
    const started = Date.now();
    for (;;) {
      const last = (await this.records.of(name, namespace)).at(-1);
      if (!last || !isUnfinished(last)) {
        return;
      }
      const working = processesWith(helmVariable, this.mark(name, namespace));
      if (working ? working.length === 0 : Date.now() - started > settlingMs) {
        return;
      }
      await sleep(500);
    }
  }
}

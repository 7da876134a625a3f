import { join } from "node:path";
import { components } from "./cluster/components";
import { ask } from "./cluster/probe";
import { corePlans, expectedInfo, type SandboxInfo } from "./info";
import { statePaths } from "./paths";
import { running } from "./system/daemon";

/** How one process of the cluster is. */
export interface ComponentStatus {
  name: string;
  /** Undefined when it does not run. */
  pid?: number;
  healthy: boolean;
  /** What is wrong, when something is. */
  message?: string;
}

export interface SandboxStatus {
  /** Whether every component runs and works. */
  healthy: boolean;
  /** Whether any component runs. */
  running: boolean;
  components: ComponentStatus[];
  kubeconfig: string;
}

/** Asks every component how it is. */
export async function status(): Promise<SandboxStatus> {
  const paths = statePaths();
  const records = join(paths.run, "daemons");
  const statuses = await Promise.all(
    components(paths, corePlans().core.binDir).map(async ({ name, probe }): Promise<ComponentStatus> => {
      const record = running(records, name);
      if (!record) {
        return { name, healthy: false, message: "not running" };
      }
      const message = await ask(probe);
      return { name, pid: record.pid, healthy: message === undefined, message };
    }),
  );
  return {
    healthy: statuses.every(({ healthy }) => healthy),
    running: statuses.some(({ pid }) => pid !== undefined),
    components: statuses,
    kubeconfig: paths.kubeconfig,
  };
}

/** The running sandbox; undefined when there is none, or not a healthy one. */
export async function sandboxInfo(): Promise<SandboxInfo | undefined> {
  return (await status()).healthy ? expectedInfo() : undefined;
}

/** A status as lines of text. Pure. */
export function describeStatus({ components: parts, kubeconfig }: SandboxStatus): string[] {
  const width = Math.max(...parts.map(({ name }) => name.length));
  return [
    ...parts.map(({ name, pid, healthy, message }) =>
      [name.padEnd(width), String(pid ?? "-").padStart(8), healthy ? "healthy" : (message ?? "unhealthy")].join("  "),
    ),
    `kubeconfig ${kubeconfig}`,
  ];
}

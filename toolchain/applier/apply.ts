import * as pulumi from "@pulumi/pulumi";
import { setAllConfig } from "@pulumi/pulumi/runtime";
import { Cluster } from "./cluster";
import type { DeclaredResource } from "./declare";
import { foreignObjects, refusalOf } from "./foreign";
import { Helm } from "./helm";
import { HelmRecords } from "./helmRecords";
import { Inventory } from "./inventory";
import type { StackOutput } from "./inventory";
import { KubeClient } from "../../cluster/kubeClient";
import { ApplyingEngine } from "./mocks";
import type { Program } from "./program";
import { Progress } from "./progress";

/** The cluster that a program is applied to, and what is needed for it. */
export interface ApplyTarget {
  /** Path of the kubeconfig file. Default: as kubectl finds it. */
  kubeconfig?: string;
  /** Context by name. Default: the current one. */
  context?: string;
  /** The helm command. */
  helm: string;
  /** Takes the lines of progress. */
  log: (line: string) => void;
}

/**
 * Runs a Pulumi program in this process and applies what it declares, without the Pulumi CLI. There is no state file and no
 * preview: an inventory in the cluster remembers what was made, and what the program no longer declares is removed.
 * @param declared What the program declares, from a run of it that applied nothing.
 * @returns the stack's outputs.
 * @throws Error naming what somebody else made of it, with nothing changed; else of the first resource that failed: what was applied
 * stays, recorded, and the next run goes on from there.
 */
export async function applyProgram(
  program: Program,
  target: ApplyTarget,
  declared: readonly DeclaredResource[],
): Promise<Record<string, StackOutput>> {
  const progress = new Progress(target.log);
  const client = KubeClient.connect(target.kubeconfig, target.context);
  const cluster = await clusterOf(client, target, progress);
  const refusal = refusalOf(await foreignObjects(client, cluster.inventory, declared));
  if (refusal !== undefined) {
    throw new Error(refusal);
  }
  const engine = new ApplyingEngine(cluster);
  setAllConfig(program.config);
  await pulumi.runtime.setMocks(engine, program.project, program.stack, false);

  // A resource that fails rejects every promise that hangs on it, most of which nobody awaits.
  const ignore = () => undefined;
  process.on("unhandledRejection", ignore);
  try {
    const exports = await program.load();
    await pulumi.runtime.disconnect().catch(ignore);
    if (engine.failure) {
      throw engine.failure;
    }
    const outputs = await resolveOutputs(exports);
    await cluster.remove(cluster.inventory.unseen);
    await cluster.inventory.settle();
    await cluster.inventory.recordOutputs(outputs);
    target.log(progress.summary());
    return outputs;
  } catch (error) {
    throw engine.failure ?? error;
  } finally {
    process.off("unhandledRejection", ignore);
  }
}

/** Removes everything that {@link applyProgram} made, the newest first. @returns false if there was nothing. */
export async function removeProgram(target: ApplyTarget): Promise<boolean> {
  const progress = new Progress(target.log);
  const cluster = await clusterOf(KubeClient.connect(target.kubeconfig, target.context), target, progress);
  const { entries } = cluster.inventory;
  if (entries.length === 0) {
    return false;
  }
  await cluster.remove(entries);
  await cluster.inventory.remove();
  target.log(progress.summary());
  return true;
}

async function clusterOf(client: KubeClient, target: ApplyTarget, progress: Progress): Promise<Cluster> {
  const helm = new Helm(target.helm, new HelmRecords(client), target.kubeconfig, target.context);
  return new Cluster(client, helm, await Inventory.load(client), progress);
}

async function resolveOutputs(exports: Record<string, unknown>): Promise<Record<string, StackOutput>> {
  // Of a CommonJS module both the names and the module itself are handed out.
  const names = Object.keys(exports).filter((name) => name !== "default" && name !== "module.exports");
  const resolved = await Promise.all(
    names.map(async (name): Promise<[string, StackOutput]> => {
      const output = pulumi.output<unknown>(exports[name]) as pulumi.Output<unknown>;
      const value = await new Promise((resolve) => output.apply(resolve));
      return [name, { value, secret: await pulumi.isSecret(output) }];
    }),
  );
  return Object.fromEntries(resolved);
}

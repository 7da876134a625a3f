import type { DashboardEndpoint, DashboardName } from "../components/observability/endpoints";
import { Inventory } from "../toolchain/applier/inventory";
import type { StackOutput } from "../toolchain/applier/inventory";
import type { KubeClient } from "../cluster/kubeClient";
import type { DeclaredMesh } from "../stacks/declared";
import { parseDeclared } from "../stacks/declaredText";
import { CliEngine } from "./cliEngine";
import { chooseEngine } from "./engine";
import type { Flags } from "./flags";
import type { Session } from "./session";

/** The outputs that commands work with. */
export interface MeshOutputs {
  /** URL of the ingress gateway; undefined if the cluster did not tell. */
  gatewayUrl?: string;
  declared: DeclaredMesh;
  /** The pages that are installed, and how each is reached. */
  dashboards: Partial<Record<DashboardName, DashboardEndpoint>>;
}

/**
 * Reads the outputs of the running stack: from the inventory in the cluster if it was applied in-process, else by the Pulumi CLI.
 * @throws Error if there is no stack, or if it was applied by an older version of this program.
 */
export async function readOutputs(
  session: Session,
  client: KubeClient,
  flags: Flags,
  log: (line: string) => void,
): Promise<MeshOutputs> {
  const inventory = await Inventory.load(client);
  const outputs = inventory.entries.length > 0 ? inventory.outputs : await cliOutputs(session, flags, log);
  const declared = parseDeclared(outputs?.declared?.value);
  if (declared === undefined) {
    throw new Error(
      `no outputs of the stack ${session.stack}: nothing is applied, or not to its end; run npm start first`,
    );
  }
  const url = outputs?.gatewayUrl?.value;
  return {
    declared,
    gatewayUrl: typeof url === "string" ? url : undefined,
    dashboards: outputs?.dashboards?.value ?? {},
  };
}

async function cliOutputs(
  session: Session,
  flags: Flags,
  log: (line: string) => void,
): Promise<Record<string, StackOutput> | undefined> {
  const cli = await chooseEngine(flags, log);
  return cli && (await CliEngine.open(cli, session)).outputs();
}

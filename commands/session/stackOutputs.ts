import type { DashboardEndpoint, DashboardName } from "../../components/observability/endpoints";
import type { DeclaredMesh } from "../../stacks/declared";
import { parseDeclared } from "../../stacks/declaredText";
import { findPulumi } from "../pulumi/cli";
import { PulumiStack } from "../pulumi/stack";
import type { Session } from "./session";

/** The outputs that commands work with. */
export interface MeshOutputs {
  /** URL of the ingress gateway; undefined if the cluster reports none. */
  gatewayUrl?: string;
  declared: DeclaredMesh;
  /** The pages that are installed, and how each is reached. */
  dashboards: Partial<Record<DashboardName, DashboardEndpoint>>;
}

/**
 * Reads the outputs of a stack from its state.
 * @throws Error if there is no stack, or if it was applied by an older version of this program.
 */
export async function readOutputs(
  session: Pick<Session, "stack" | "settings">,
  log: (line: string) => void,
): Promise<MeshOutputs> {
  const outputs = await (await PulumiStack.open(await findPulumi(log), session)).outputs();
  const declared = parseDeclared(outputs.declared);
  if (declared === undefined) {
    throw new Error(
      `no outputs of the stack ${session.stack}: nothing is applied, or not to its end; run npm start first`,
    );
  }
  const { gatewayUrl, dashboards } = outputs;
  return {
    declared,
    gatewayUrl: typeof gatewayUrl === "string" ? gatewayUrl : undefined,
    dashboards: dashboards ?? {},
  };
}

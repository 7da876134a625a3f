import { audit } from "./audit";
import { connect } from "../session/connect";
import { flagsHelp } from "../shared/flags";
import { findPulumi } from "../pulumi/cli";
import { PulumiStack } from "../pulumi/stack";
import { changing } from "../recovery/changing";
import { defineCommand } from "../shared/defineCommand";
import { openSession } from "../session/session";
import { checkCluster, forgetCluster } from "../session/stackCluster";
import { ownLeavings, sweep } from "./sweep";

const help = `npm run down -- [flags]

Runs pulumi destroy: removes what npm start made, in reverse order; then what Istio leaves behind. The cluster itself stays; to
stop the embedded one: npm run sandbox -- down
${flagsHelp}`;

/** `npm run down`. */
export const command = defineCommand(__filename, help, async (flags, log) => {
  const session = await openSession(flags, log, { start: false });
  const client = connect(session);
  const stack = await PulumiStack.open(await findPulumi(log), session);
  const { match } = await checkCluster(stack, client, session);
  const { removed, kept: spared } = await changing(
    stack,
    client,
    match,
    log,
    async ({ mended, env, begin, leavings }) => {
      const ours = leavings ?? (await ownLeavings(client, await stack.export()));
      begin({ leavings: ours });
      await stack.destroy({ refresh: mended }, env);
      return sweep(client, ours);
    },
  );
  await forgetCluster(stack);
  log(`swept ${removed.length} objects that Istio leaves behind`);
  const isSpared = (line: string) => spared.some((reason) => reason.split(":")[0] === line.split(":")[0]);
  const kept = [...spared, ...(await audit(client)).filter((line) => !isSpared(line))];
  kept.forEach((reason) => log(`kept ${reason}`));
  if (kept.length === 0) {
    log("audit: no resource definition, webhook, role, lease, certificate, claim or namespace of the mesh is left");
  }
  return { removed, kept };
});

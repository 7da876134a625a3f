import { sandboxInfo } from "../toolchain";
import { inventoryRef } from "../toolchain/applier/inventory";
import { audit } from "./audit";
import { CliEngine } from "./cliEngine";
import { connect } from "./connect";
import { chooseEngine } from "./engine";
import { flagsHelp } from "./flags";
import { downInProcess } from "./inProcessEngine";
import { runCommand } from "./runCommand";
import { openSession } from "./session";
import { sweep } from "./sweep";

const help = `npm run down -- [flags]

Removes what npm start made, in reverse order, and what Istio would leave behind. The cluster itself stays; to end the
embedded one: npm run sandbox -- down
${flagsHelp}`;

runCommand(help, async (flags, log) => {
  const session = await openSession(flags, log, { start: false });
  if (session.embedded && (await sandboxInfo()) === undefined) {
    log(
      "the embedded cluster is not running; start it with npm run sandbox -- up, or drop its data with npm run sandbox -- reset",
    );
    return { removed: [], kept: [] };
  }
  const client = connect(session);
  // Whichever way made the stack is the way that knows what it made.
  if ((await client.get(inventoryRef)) !== undefined) {
    await downInProcess(session, log);
  } else {
    const cli = await chooseEngine(flags, log);
    if (cli) {
      await (await CliEngine.open(cli, session)).down(client, log);
    } else {
      log("nothing was applied in-process to this cluster");
    }
  }
  const { removed, kept: spared } = await sweep(client);
  log(`swept ${removed.length} objects that Istio leaves behind`);
  const told = (line: string) => spared.some((reason) => reason.split(":")[0] === line.split(":")[0]);
  const kept = [...spared, ...(await audit(client)).filter((line) => !told(line))];
  kept.forEach((reason) => log(`kept ${reason}`));
  if (kept.length === 0) {
    log("audit: no resource definition, webhook, role, lease, certificate, claim or namespace of the mesh is left");
  }
  return { removed, kept };
});

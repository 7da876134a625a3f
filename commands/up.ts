import { Inventory } from "../sandbox/applier/inventory";
import type { KubeClient } from "../sandbox/applier/kubeClient";
import { chooseEngine } from "./engine";
import { CliEngine } from "./cliEngine";
import { connect } from "./connect";
import { flagsHelp } from "./flags";
import { upInProcess } from "./inProcessEngine";
import { printOutputs } from "./outputs";
import { policyConfigHelp, readPolicySettings } from "./policySettings";
import { runCommand } from "./runCommand";
import { openSession } from "./session";
import type { UpFlags } from "./upFlags";
import { parseUpFlags } from "./upFlags";

const help = `npm start -- [flags]

Brings up the mesh: chooses a cluster, starts it if need be, applies the program, prints its outputs. Run it again after a
change, or after an interruption: it goes on from where things are. What the policies forbid is not applied: nothing is changed then.

The cluster, in order: --sandbox, --context, or kubeContext in the stack's config; the current context if it is local (kind,
minikube); kind or minikube if installed (created after a question, or with --yes); the embedded cluster.
${flagsHelp.trimEnd()}
${policyConfigHelp}
`;

async function up(flags: UpFlags, log: (line: string) => void): Promise<object> {
  const policySettings = readPolicySettings(flags.policyConfig);
  const session = await openSession(flags, log, true);
  let connected: KubeClient | undefined;
  const client = async () => {
    await session.ready;
    return (connected ??= connect(session));
  };
  const appliedInProcess = async () => (await Inventory.load(await client())).entries.length > 0;
  const cli = await chooseEngine(flags, log, appliedInProcess);
  const outputs = cli
    ? await (await CliEngine.open(cli, session, policySettings)).up(await client(), log)
    : await upInProcess(session, log, policySettings);
  if (!flags.json) {
    printOutputs(outputs);
  }
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { value, secret }]) => [name, secret ? "[secret]" : value]),
  );
}

runCommand(help, up, parseUpFlags);

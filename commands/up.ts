import { Inventory } from "../sandbox/applier/inventory";
import type { KubeClient } from "../sandbox/applier/kubeClient";
import { chooseEngine } from "./engine";
import { CliEngine } from "./cliEngine";
import { connect } from "./connect";
import { flagsHelp, UsageError } from "./flags";
import { upInProcess } from "./inProcessEngine";
import { printOutputs } from "./outputs";
import { runCommand } from "./runCommand";
import { openSession } from "./session";
import type { UpFlags } from "./upFlags";
import { parseUpFlags } from "./upFlags";

const help = `npm start -- [flags]

Brings up the mesh: chooses a cluster, starts it if need be, applies the program, prints its outputs. Run it again after a
change, or after an interruption: it goes on from where things are.

The cluster, in order: --sandbox, --context, or kubeContext in the stack's config; the current context if it is local (kind,
minikube); kind or minikube if installed (created after a question, or with --yes); the embedded cluster.

      --refresh            Put back what was changed by hand: the Pulumi CLI compares with its state, and with the cluster only
                           if asked to. In-process that is always done
      --expect-no-changes  Fail if the update changes anything; it is made all the same. Needs the Pulumi CLI
${flagsHelp}`;

async function up(flags: UpFlags, log: (line: string) => void): Promise<object> {
  const session = await openSession(flags, log, { start: true });
  let connected: KubeClient | undefined;
  const client = async () => {
    await session.ready;
    return (connected ??= connect(session));
  };
  const appliedInProcess = async () => (await Inventory.load(await client())).entries.length > 0;
  const { refresh, expectNoChanges } = flags;
  const cli = await chooseEngine(flags, log, appliedInProcess);
  if (expectNoChanges && !cli) {
    throw new UsageError("--expect-no-changes: without the Pulumi CLI nobody can tell what would change");
  }
  const outputs = cli
    ? await (await CliEngine.open(cli, session)).up(await client(), log, { refresh, expectNoChanges })
    : await upInProcess(session, log);
  if (!flags.json) {
    printOutputs(outputs);
  }
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { value, secret }]) => [name, secret ? "[secret]" : value]),
  );
}

runCommand(help, up, parseUpFlags);

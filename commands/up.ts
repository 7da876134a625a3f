import type { Settings } from "../policy/settings";
import { Inventory } from "../toolchain/applier/inventory";
import type { KubeClient } from "../cluster/kubeClient";
import { allOrFirstError } from "../toolchain/system/settle";
import { chooseEngine } from "./engine";
import type { UpOptions } from "./cliEngine";
import { CliEngine } from "./cliEngine";
import { connect } from "./connect";
import { flagsHelp, UsageError } from "./flags";
import { judgeInProcess, upInProcess } from "./inProcessEngine";
import { printOutputs } from "./outputs";
import { policyConfigHelp, readPolicySettings } from "./policySettings";
import type { PulumiCli } from "./pulumiCli";
import { runCommand } from "./runCommand";
import type { Session } from "./session";
import { openSession } from "./session";
import { hasSecrets } from "./stackFiles";
import type { UpFlags } from "./upFlags";
import { parseUpFlags } from "./upFlags";

const help = `npm start -- [flags]

Brings up the mesh: chooses a cluster, starts it if need be, applies the program, prints its outputs. Run it again after a
change, or after an interruption: it goes on from where things are. What the policies forbid is not applied: nothing is changed then.

The cluster, in order: --sandbox, --context, or kubeContext in the stack's config; the current context if it is local (kind,
minikube); kind or minikube if installed (created after a question, or with --yes); the embedded cluster.

      --refresh            Put back what was changed by hand: the Pulumi CLI compares with its state, and with the cluster only
                           if asked to. In-process that is always done
      --expect-no-changes  Fail if the update changes anything; it is made all the same. Needs the Pulumi CLI
${flagsHelp.trimEnd()}
${policyConfigHelp}
`;

async function up(flags: UpFlags, log: (line: string) => void): Promise<object> {
  const policySettings = readPolicySettings(flags.policyConfig);
  const session = await openSession(flags, log, { start: true });
  // Only the CLI can read secrets: a stack that has some is judged by the pack, in a preview.
  const askPack = hasSecrets(session.stack);
  // Begun at once: it takes a second of this process, which otherwise waits for the cluster and for the CLI.
  const judged = askPack ? undefined : judgeInProcess(session, log, policySettings);
  // Whoever applies waits for it, and hears of what is forbidden then.
  judged?.catch(() => undefined);
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
    ? await upWithCli(cli, {
        session,
        client,
        log,
        policySettings,
        judged,
        options: { refresh, expectNoChanges, askPack },
      })
    : await upInProcess(session, log, judged ?? judgeInProcess(session, log, policySettings));
  if (!flags.json) {
    printOutputs(outputs);
  }
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { value, secret }]) => [name, secret ? "[secret]" : value]),
  );
}

/** What an update with the CLI needs to know. */
interface CliUpdate {
  session: Session;
  client: () => Promise<KubeClient>;
  log: (line: string) => void;
  policySettings: Partial<Settings>;
  /** Settles once the policies were asked here, which finds the same as a preview with the pack, seconds sooner. */
  judged?: Promise<unknown>;
  options: UpOptions;
}

async function upWithCli(cli: PulumiCli, { session, client, log, policySettings, judged, options }: CliUpdate) {
  const opened = CliEngine.open(cli, session, policySettings);
  await allOrFirstError([opened, ...(judged ? [judged] : [])]);
  return (await opened).up(await client(), log, options);
}

runCommand(help, up, parseUpFlags);

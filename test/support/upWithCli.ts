import { CliEngine } from "../../commands/cliEngine";
import type { PulumiCli } from "../../commands/pulumiCli";
import type { Settings } from "../../policy/settings";
import type { KubeClient } from "../../cluster/kubeClient";

/** Applies the stack dev with a CLI. Arguments: its path, and settings of the policies as a JSON object. */
async function main([command = "", settings = "{}"]: string[]): Promise<void> {
  const cli: PulumiCli = { command, version: "v3.999.0", source: "PATH" };
  const engine = await CliEngine.open(cli, { stack: "dev", settings: {} }, JSON.parse(settings) as Partial<Settings>);
  const noCluster = { kubeConfig: { getCurrentCluster: () => undefined } } as unknown as KubeClient;
  await engine.up(noCluster, console.error, { askPack: true });
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});

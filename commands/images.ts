import { isRegistry } from "../components/imageReference";
import { settingsBeforeStart } from "./embeddedConfig";
import { flagsHelp, UsageError } from "./flags";
import { suppliesOf } from "./imageList";
import type { Supplies } from "./imageList";
import { declareInProcess } from "./inProcessEngine";
import { runCommand } from "./runCommand";
import { splitSetting } from "./session";
import { readProject, readStackFile } from "./stackFiles";

const help = `npm run images -- [flags]

Lists every chart and image that a stack needs, with exact versions, from what the program declares; no cluster is asked.
With the config key registry it lists where each image goes in the mirror, too. See docs/airgap.md.
${flagsHelp}`;

runCommand(help, async (flags) => {
  const stack = flags.stack ?? (flags.sandbox ? "sandbox" : "dev");
  const { registry, ...settings } = Object.fromEntries(flags.config.map(splitSetting));
  const mirror = registry ?? configured(stack, "registry");
  if (mirror !== undefined && !isRegistry(mirror)) {
    throw new UsageError(`registry=${mirror}: use host, host:port or host/path in lower case, without a scheme`);
  }
  // Which cluster it would go to makes no difference, and a remote one that happens to be current is no reason to stop.
  process.env.KUBECONFIG = "/nonexistent";
  const { resources } = await declareInProcess({
    stack,
    settings: { ...(flags.sandbox && settingsBeforeStart()), ...settings, registry: "auto" },
  });
  const supplies = suppliesOf(resources, mirror);
  if (!flags.json) {
    print(supplies);
  }
  return { stack, registry: mirror, ...supplies };
});

function configured(stack: string, key: string): string | undefined {
  const { config = {} } = readStackFile(stack) as { config?: Record<string, unknown> };
  const value = config[`${readProject().name}:${key}`];
  return typeof value === "string" && value !== "auto" && value !== "" ? value : undefined;
}

function print({ charts, images }: Supplies): void {
  console.log("charts:");
  for (const { name, version, source } of charts) {
    console.log(`  ${name} ${version ?? "(its own version)"} from ${source}`);
  }
  console.log("images:");
  for (const { image, mirror } of images) {
    console.log(`  ${image}${mirror === undefined ? "" : ` -> ${mirror}`}`);
  }
}

import { isRegistry } from "../../components/imageReference";
import { settingsBeforeStart } from "../session/embeddedConfig";
import { chartSettings } from "./charts";
import { checkSettings, parseStrictly, stackOptions, stackOptionsHelp, UsageError } from "../shared/flags";
import { suppliesOf } from "./imageList";
import type { Supplies } from "./imageList";
import { findPulumi } from "../pulumi/cli";
import { withEmptyStack } from "../pulumi/emptyStack";
import { declaredResources } from "../pulumi/events";
import { defineCommand } from "../shared/defineCommand";
import { checkStackFlag, splitSetting } from "../session/session";
import { readProject, readStackFile } from "../session/stackFiles";

const help = `npm run images -- [flags]

Lists every chart and image that a stack needs, with exact versions, from a preview of it; no cluster is asked.
With the config key registry it lists where each image goes in the mirror, too. See docs/airgap.md.
${stackOptionsHelp}`;

/** Flags of `npm run images`. */
export function parseImagesFlags(argv: readonly string[]) {
  const { values } = parseStrictly(argv, stackOptions);
  checkSettings(values.config);
  checkStackFlag(values.stack);
  return values;
}

/** `npm run images`. */
export const command = defineCommand(
  __filename,
  help,
  async (flags, log) => {
    const stack = flags.stack ?? (flags.sandbox ? "sandbox" : "dev");
    const { registry, ...settings } = Object.fromEntries(flags.config.map(splitSetting));
    const mirror = registry ?? configured(stack, "registry");
    if (mirror !== undefined && !isRegistry(mirror)) {
      throw new UsageError(`registry=${mirror}: use host, host:port or host/path in lower case, without a scheme`);
    }
    const own = { ...(flags.sandbox && settingsBeforeStart()), ...settings, registry: "auto" };
    const session = { stack, settings: { ...own, ...(await chartSettings(stack, own, log)) } };
    const { passed, said, report } = await withEmptyStack(await findPulumi(log), session, {}, (empty) =>
      empty.tryPreview([]),
    );
    if (!passed) {
      throw new Error(`the preview of ${stack} fails:\n${said}`);
    }
    const supplies = suppliesOf(declaredResources(report), mirror);
    if (!flags.json) {
      print(supplies);
    }
    return { stack, registry: mirror, ...supplies };
  },
  parseImagesFlags,
);

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

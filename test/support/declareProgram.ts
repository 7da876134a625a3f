import { asProgramConfig, readProject, readStackFile, withSettings } from "../../commands/stackFiles";
import { declare } from "./declare";

/**
 * Declares the whole program against mocks, as a preview, and prints the resources as JSON.
 * Arguments: the stack, and settings on top as a JSON object.
 */
async function main([stack = "dev", settings = "{}"]: string[]): Promise<void> {
  const project = readProject();
  const { config = {} } = readStackFile(stack) as { config?: Record<string, unknown> };
  const set = withSettings(config, JSON.parse(settings) as Record<string, string>, project);
  let failure: unknown;
  const { resources } = await declare(
    async () => {
      try {
        await import("../../index");
      } catch (error) {
        failure = error;
      }
    },
    { preview: true, config: asProgramConfig(set, project) },
  );
  if (failure !== undefined) {
    console.error(failure instanceof Error ? failure.message : failure);
    console.error(`declared: ${resources.length} resources`);
    process.exit(1);
  }
  console.log(JSON.stringify(resources));
  process.exit(0);
}

void main(process.argv.slice(2));

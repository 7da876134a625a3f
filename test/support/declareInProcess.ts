import { profileOf } from "../../policy/profile";
import { asProgramConfig, readProject, readStackFile, withSettings } from "../../commands/stackFiles";
import { declareProgram } from "./declaredProgram";

/**
 * Declares the whole program under the SDK's mocks, and prints what the policies are given as JSON.
 * Arguments: the stack, and settings on top as a JSON object.
 */
async function main([stack = "dev", settings = "{}"]: string[]): Promise<void> {
  const project = readProject();
  const { config = {} } = readStackFile(stack) as { config?: Record<string, unknown> };
  const set = withSettings(config, JSON.parse(settings) as Record<string, string>, project);
  const program = { project: project.name, stack, config: asProgramConfig(set, project) };
  const declared = await declareProgram({ ...program, load: () => import("../../index") });
  process.stdout.write(JSON.stringify({ ...declared, profile: profileOf(program) }), () => process.exit(0));
}

void main(process.argv.slice(2));

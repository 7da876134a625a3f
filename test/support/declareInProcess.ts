import { declareInProcess } from "../../commands/inProcessEngine";

/**
 * Declares the whole program as `npm start` does before it applies anything, and prints what the policies are given as JSON.
 * Arguments: the stack, and settings on top as a JSON object.
 */
async function main([stack = "dev", settings = "{}"]: string[]): Promise<void> {
  const declared = await declareInProcess({ stack, settings: JSON.parse(settings) as Record<string, string> });
  process.stdout.write(JSON.stringify(declared), () => process.exit(0));
}

void main(process.argv.slice(2));

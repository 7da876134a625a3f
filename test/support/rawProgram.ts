import * as pulumi from "@pulumi/pulumi";
import { setAllConfig } from "@pulumi/pulumi/runtime";
import { readProject } from "../../commands/session/stackFiles";
import { loadIndex, programConfig } from "./wholeProgram";

/** In place of whatever is random; it is found wherever it goes. */
const secretText = "s3cr3t-".padEnd(44, "A");

/**
 * Declares the whole program with every random value a secret, as the random provider has it, and prints resources with
 * their marks of secrecy, and outputs. Arguments: the stack, and settings on top as a JSON object.
 */
async function main([stack = "dev", settings = "{}"]: string[]): Promise<void> {
  const project = readProject();
  const resources: { type: string; name: string; inputs: unknown }[] = [];
  setAllConfig(programConfig(stack, JSON.parse(settings) as Record<string, string>));
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, id }) => {
        resources.push({ type, name, inputs });
        const state = inputs as Record<string, unknown>;
        const random = pulumi.secret(secretText);
        return {
          id: id || `${name}-id`,
          state: {
            ...state,
            ...(type.startsWith("random:") && { result: random, base64: random, hex: random }),
            ...(type === "pulumi:index:Stash" && { output: state.input }),
            ...(type.endsWith(":Release") && { status: { name: state.name } }),
          },
        };
      },
      call: ({ inputs }) => inputs as Record<string, unknown>,
    },
    project.name,
    stack,
    // A preview, which goes without a cluster; that all values are known all the same is up to the mocks.
    true,
  );
  const exported = loadIndex();
  await pulumi.runtime.disconnect();
  const names = Object.keys(exported).filter((name) => name !== "default" && name !== "module.exports");
  const outputs = await Promise.all(
    names.map(async (name) => {
      const output = pulumi.output(exported[name]) as pulumi.Output<unknown>;
      // Unlike apply, it also covers values that are unknown in a preview.
      const value = await (output as unknown as { promise: (withUnknowns: boolean) => Promise<unknown> }).promise(true);
      return { name, value, secret: await pulumi.isSecret(output) };
    }),
  );
  process.stdout.write(JSON.stringify({ secretText, resources, outputs }), () => process.exit(0));
}

void main(process.argv.slice(2));

import * as pulumi from "@pulumi/pulumi";
import { setAllConfig } from "@pulumi/pulumi/runtime";
import type { Program } from "./apply";
import { withoutSecretMarks } from "./secrets";

/** A resource as a program declares it. */
export interface DeclaredResource {
  type: string;
  name: string;
  props: Record<string, unknown>;
}

/**
 * Runs a Pulumi program without applying anything.
 * @returns what it declares, in order. Values that only an applied resource has are Pulumi's text for an unknown value.
 */
export async function declareProgram(program: Program): Promise<DeclaredResource[]> {
  const resources: DeclaredResource[] = [];
  setAllConfig(program.config);
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, id, custom }) => {
        const props = withoutSecretMarks(inputs) as Record<string, unknown>;
        // What is only read is not ours to judge.
        if (custom && !id) {
          resources.push({ type, name, props });
        }
        return { id: undefined, state: props };
      },
      call: ({ inputs }) => inputs as Record<string, unknown>,
    },
    program.project,
    program.stack,
    true,
  );
  await program.load();
  await pulumi.runtime.disconnect();
  return resources;
}

import * as pulumi from "@pulumi/pulumi";
import { setAllConfig } from "@pulumi/pulumi/runtime";

/** A resource as the program declared it. */
export interface Declared {
  type: string;
  name: string;
  inputs: any;
  /** URN and ID of the provider that makes it, as the program names it. */
  provider?: string;
  /** Position in the order of declaration. */
  order: number;
}

/** What {@link declare} saw. */
export interface Declaration<T> {
  result: T;
  resources: Declared[];
  /** The resource of that type (its last part) and object name. Fails if there is not exactly one. */
  one: (kind: string, name?: string) => Declared;
  /** All resources of that type (its last part). */
  all: (kind: string) => Declared[];
}

/**
 * Declares resources against the SDK's mocks: nothing is applied, every resource is recorded with resolved inputs.
 * @param program Makes the resources; what it returns is given back once all are declared.
 */
export async function declare<T>(
  program: () => T | Promise<T>,
  { preview = false, config = {} }: { preview?: boolean; config?: Record<string, string> } = {},
): Promise<Declaration<T>> {
  const resources: Declared[] = [];
  setAllConfig(config);
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, id, provider }) => {
        resources.push({ type, name, inputs: withoutSecretMarks(inputs), provider, order: resources.length });
        const state = inputs as Record<string, unknown>;
        // A release has its name in its status, as the provider does; in a preview it is not known yet.
        const status = type.endsWith(":Release") && !preview ? { status: { name: state.name } } : {};
        const bytes =
          type.endsWith(":RandomBytes") && !preview
            ? { base64: Buffer.alloc(state.length as number, 7).toString("base64") }
            : {};
        // The engine keeps what a stash was given first.
        const stashed = type === "pulumi:index:Stash" ? { output: state.input } : {};
        return { id: id || `${name}-id`, state: { ...state, ...status, ...bytes, ...stashed } };
      },
      call: ({ inputs }) => inputs as Record<string, unknown>,
    },
    "sidecar-mesh",
    "test",
    preview,
  );
  const result = await program();
  await pulumi.runtime.disconnect();
  const all = (kind: string) => resources.filter(({ type }) => type.split(":").at(-1) === kind);
  return {
    result,
    resources,
    all,
    one(kind, name) {
      const found = all(kind).filter(
        ({ inputs }) => name === undefined || inputs.metadata?.name === name || inputs.name === name,
      );
      if (found.length !== 1) {
        throw new Error(
          `${found.length} resources ${kind} ${name ?? ""}; declared: ${resources.map((r) => r.name).join(", ")}`,
        );
      }
      return found[0]!;
    },
  };
}

/** @returns the value of an output. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}

/** @returns the message of the error that `program` ends with. */
export async function errorOf(program: () => unknown): Promise<string> {
  try {
    await declare(program);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error("no error was thrown");
}

/** How the SDK marks a secret among the inputs it hands to an engine: this key, beside the value itself. */
const signatureKey = "4dabf18193072939515e22adb298388d";

/** @returns inputs with every secret in plain, which is what the API server takes. */
export function withoutSecretMarks(inputs: unknown): unknown {
  if (Array.isArray(inputs)) {
    return inputs.map(withoutSecretMarks);
  }
  if (typeof inputs !== "object" || inputs === null) {
    return inputs;
  }
  if (signatureKey in inputs && "value" in inputs) {
    return withoutSecretMarks(inputs.value);
  }
  return Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, withoutSecretMarks(value)]));
}

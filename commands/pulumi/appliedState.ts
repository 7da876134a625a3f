import type { StateResource, Step } from "./events";

/** What the engine writes in place of a value that is not known before an update. */
export const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** In place of ids that only an applied resource has. */
const someId = "00000000-0000-4000-8000-000000000000";

/** How Pulumi marks a secret in a state and in events. */
const secretMark = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

/** In place of secrets, which events do not show. */
const someSecret = "[secret]";

/**
 * @param steps Steps of a preview of a stack without a state.
 * @returns the resources of a state as it would be after an update: a preview against it shows what another program
 * would change, and the provider decides what it would replace. Values that only an update brings are stood in for.
 * Pure.
 */
export function stateAsApplied(steps: readonly Step[]): StateResource[] {
  return steps.flatMap(({ op, new: state }, i) => (state && op === "create" ? [applied(state, `id-${i}`)] : []));
}

function applied(state: StateResource, id: string): StateResource {
  const { type, custom, provider } = state;
  const inputs = withSecrets(state.inputs ?? {}) as Record<string, unknown>;
  const isProvider = type.startsWith("pulumi:providers:");
  return {
    ...state,
    inputs,
    outputs: { ...inputs, ...(withSecrets(state.outputs ?? {}) as object), ...lastInputs(type, inputs) },
    ...(provider !== undefined && { provider: provider.replace(unknownText, someId) }),
    ...(custom && { id: isProvider ? someId : id }),
  };
}

/** The Kubernetes provider keeps what it was given last among the outputs, of a Helm release as a secret. */
function lastInputs(type: string, inputs: Record<string, unknown>): Record<string, unknown> {
  if (!type.startsWith("kubernetes:")) {
    return {};
  }
  return { __inputs: type.startsWith("kubernetes:helm.sh/") ? secret(inputs) : inputs };
}

function secret(value: unknown): object {
  return { ...secretMark, plaintext: JSON.stringify(value) };
}

function withSecrets(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withSecrets);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const [key, mark] = Object.entries(secretMark)[0]!;
  return (value as Record<string, unknown>)[key] === mark
    ? secret(someSecret)
    : Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withSecrets(item)]));
}

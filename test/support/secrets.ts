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

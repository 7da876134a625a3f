import { randomBytes, randomInt } from "node:crypto";

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const specials = "!@#$%&*()-_=+[]{}<>:?";

/** Inputs of the random resources, as far as they are honoured here. */
interface RandomInputs {
  length?: number;
  special?: boolean;
  overrideSpecial?: string;
  byteLength?: number;
}

/** Generators by Pulumi type; each gives the outputs of a resource, as JSON can hold them. */
const generators: Record<string, (inputs: RandomInputs) => Record<string, string>> = {
  "random:index/randomPassword:RandomPassword": (inputs) => ({ result: text(inputs) }),
  "random:index/randomString:RandomString": (inputs) => ({ result: text(inputs) }),
  "random:index/randomBytes:RandomBytes": ({ length = 32 }) => encoded(randomBytes(length)),
  "random:index/randomId:RandomId": ({ byteLength = 8 }) => encoded(randomBytes(byteLength)),
};

/** @returns outputs for a resource of @pulumi/random. @throws Error for a type that is not known here. */
export function generateRandom(type: string, inputs: RandomInputs): Record<string, string> {
  const generate = generators[type];
  if (!generate) {
    throw new Error(
      `${type} can't be made in-process; use one of ${Object.keys(generators).join(", ")}, or the Pulumi CLI`,
    );
  }
  return generate(inputs);
}

function text({ length = 16, special = true, overrideSpecial }: RandomInputs): string {
  const alphabet = letters + (special ? (overrideSpecial ?? specials) : "");
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");
}

function encoded(bytes: Buffer): Record<string, string> {
  return { hex: bytes.toString("hex"), base64: bytes.toString("base64"), b64Std: bytes.toString("base64") };
}

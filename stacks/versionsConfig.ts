import type { z } from "zod";
import { versionName } from "../components/echoService";
import { weightsAddUp } from "../components/serviceRouteCheck";
import { isDnsLabel } from "../components/validation";
import type { Notes } from "./configReader";
import { image, item, listOf, number, required, text, texts, textThat, variables, whole, unnamed } from "./schema";

/** Names that Istio ignores among the headers of a match, as the reference of HTTPMatchRequest has it. */
const ignoredHeaders = ["uri", "scheme", "method", "authority"];

const header = textThat((v) => /^[A-Za-z0-9-]+$/.test(v), "use the name of a header, such as x-canary").refine(
  (v) => !ignoredHeaders.includes(v.toLowerCase()),
  "Istio ignores this name in matches of headers; use another, such as x-canary",
);

/** RFC 9110, section 5.5: a header's value begins and ends with what can be seen, and has one line. */
const headerValue = textThat(
  // eslint-disable-next-line no-control-regex -- These are what a value may not have.
  (v) => v.trim() === v && !/[\x00-\x08\x0a-\x1f\x7f]/.test(v),
  "no header has such a value; use one line without spaces at its ends",
);

/** A version's name is a part of names that have 63 characters at most. */
const versionText = textThat(
  (v) => /^[a-z]([-a-z0-9]{0,14}[a-z0-9])?$/.test(v),
  "use at most 16 of a-z, 0-9 and -, a letter first: v2",
);

/** Version that a canary or mirror names. */
const subset = required(text, unnamed, "v2");

/**
 * Keys of an item of `services`: its versions, and who gets which. What a version leaves out is as the service has it.
 */
export const versionsShape = {
  versions: listOf(
    item({
      version: required(versionText, unnamed, "v2"),
      weight: whole(0, 100).optional(),
      text: text.optional(),
      image: image.optional(),
      args: texts.optional(),
      env: variables.optional(),
      replicas: whole(0, 1000).optional(),
    }),
  )
    .refine((all) => all.length > 0, "declare at least one version, or remove the key")
    .optional(),
  canary: item({
    header: required(header, unnamed, "x-canary"),
    value: headerValue.optional(),
    version: subset,
  }).optional(),
  mirror: item({ version: subset, percent: number(0, 100).default(100) }).optional(),
};

/** The versions of a service, and who gets which. */
export type VersionsConfig = z.output<z.ZodObject<typeof versionsShape>>;

/** One version of a service. */
export type VersionConfig = NonNullable<VersionsConfig["versions"]>[number];

/** Notes what the versions of a service, its canary and its mirror have wrong with one another. */
export function checkVersions({ versions = [], canary, mirror }: VersionsConfig, notes: Notes): void {
  const weights = versions.map(({ weight }) => weight);
  // A weight that is wrong in itself was noted already; its sum adds nothing.
  if (!weightsAddUp(weights) && !versions.some((_, i) => notes.isWrong(`versions[${i}].weight`))) {
    notes.problem(
      "versions",
      weights.map((weight) => weight ?? null),
      "the weights have to add to 100, one for each version; or leave all of them out to share requests by pods",
    );
  }
  const names = versions.map(({ version }) => version);
  versions.forEach(({ version, weight = 0, replicas }, i) => {
    const at = notes.in("versions").in(i);
    if (names.indexOf(version) < i && !at.isWrong("version")) {
      at.problem("version", version, "another version has this name; give each its own");
    }
    if (replicas === 0 && weight > 0) {
      at.problem("replicas", 0, `${weight} percent of the requests go to it; give it a pod, or a weight of 0`);
    }
  });
  for (const [key, version] of Object.entries({ canary: canary?.version, mirror: mirror?.version })) {
    const at = notes.in(key);
    if (version !== undefined && !names.includes(version) && !at.isWrong("version")) {
      const right = names.filter((name) => name !== unnamed);
      const known = names.length > 0 ? `it has ${right.join(", ")}` : "it has none; declare versions";
      at.problem("version", version, `the service has no such version; ${known}`);
    }
  }
}

/** @returns true if `name` can be a part of the names of a service's version. */
export function fitsInNames(service: string, version: string): boolean {
  return isDnsLabel(versionName(service, version));
}

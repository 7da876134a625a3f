import { isMap } from "../../common/isMap";

/** Stands where a secret was. */
const removed = "[removed]";

/** Names of fields, variables and flags whose value is a secret. */
const sensitiveName =
  /passw|passphrase|pwd|secret|token|api[-_]?key|private[-_]?key|credential|authorization|hmac|encryptionsalt|encryptedkey|^secure$|dsn|connection[-_]?string/i;

/** Of those, names of what only leads to a secret, or describes it. */
const describesSecret = /(name|ref|audience|path|file|type|seconds|url|uri|provider|mode|version)s?$/i;

/** Containers whose variables are Istio's own settings. */
const istioContainers = /^(istio-(proxy|init|validation)|discovery)$/;

/** Shortest value that is looked for elsewhere: shorter ones are parts of other words. */
const shortest = 6;

/** @returns true if a field, variable or flag of this name holds a secret. */
function isSensitive(name: string): boolean {
  return sensitiveName.test(name) && !describesSecret.test(name);
}

/**
 * @param label Name that stands beside a `value`, as in lists of variables and headers.
 * @param within Whether the field is somewhere below one that holds a secret, as in Envoy's data sources.
 */
function holdsSecret(key: string, label: string | undefined, within: boolean): boolean {
  const isValue = key === "value" && (within || (label !== undefined && isSensitive(label)));
  return isSensitive(key) || isValue || (within && /^inline_?(string|bytes)$/i.test(key));
}

/** @returns true for a certificate, which everyone may see, as text or in base64. */
function isCertificate(value: string): boolean {
  const texts = [value, Buffer.from(value, "base64").toString("latin1")];
  return (
    texts.some((text) => text.includes("BEGIN CERTIFICATE")) && !texts.some((text) => text.includes("PRIVATE KEY"))
  );
}

const pem = /-----BEGIN ([A-Z ]*)PRIVATE KEY-----[^]*?(?:-----END \1PRIVATE KEY-----|$)/g;
/** Base64 of `-----BEGIN`, and what follows. */
const base64Pem = /LS0tLS1CRUdJT[A-Za-z0-9+/]{20,}={0,2}/g;
const jwt = /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*/g;
const authorization = /(\bauthorization\\*["']?\s*[:=]\s*\\*["']?(?:\w+\s+)?)[^\s"'\\,;]+/gi;
const bearer = /(\bbearer\s+)[\w.~+/=-]{12,}/gi;
const userInfo = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/"'\\]*):[^\s@/"'\\]+@/gi;
/**
 * `name: value` and `name=value`, with or without quotes, as logs, queries, flags, INI, YAML and JSON within JSON have
 * them. The name has to be of a secret, so that what stands around it does not hide it. After a blank the value has the
 * rest of the line or of its quotes.
 */
const assignment = new RegExp(
  [
    String.raw`(?<![\w.-])([\w.-]*(?:${sensitiveName.source})[\w.-]*)`,
    String.raw`(\\*["']?[ \t]*[:=](?:[ \t]*\\*["']|[ \t]+))([^"'\\\s{[|>][^"'\\\r\n]*)`,
    String.raw`|(?<![\w.-])([\w.-]*(?:${sensitiveName.source})[\w.-]*)(\\*["']?[:=])([^\s"'\\,;&{}[\]()]+)`,
  ].join(""),
  "gi",
);

/** Values that say nothing: switches, numbers, references to a variable. */
const harmless = /^(true|false|null|none|\d{1,5}(\.\d+)?[a-z]{0,2}|\$.*|\[removed\]?),?$/i;

/**
 * Removes secrets from what goes into an archive: by their place in an object, by the form of a text, and each value
 * that it knows, or has met in a place for secrets, wherever else it stands. Show it all objects before the first text.
 */
export class SecretRemover {
  private readonly known = new Set<string>();

  /** @param harmlessWords Words that are no secret though a Secret has them, such as names of namespaces. */
  constructor(private readonly harmlessWords: ReadonlySet<string> = new Set()) {}

  /** Looks for a value in all texts from now on. */
  learn(value: string): void {
    const text = value.trim();
    if (text.length < shortest || isCertificate(value) || this.harmlessWords.has(text) || harmless.test(text)) {
      return;
    }
    const escaped = JSON.stringify(text).slice(1, -1);
    // With and without the end of a line, which makes another base64.
    const encoded = [text, value].map((one) => Buffer.from(one).toString("base64"));
    [text, escaped, encodeURIComponent(text), ...encoded].forEach((one) => this.known.add(one));
    // YAML indents each line of a text.
    const lines = text.split("\n").map((line) => line.trim());
    lines.filter((line) => lines.length > 1 && line.length > 11).forEach((line) => this.known.add(line));
  }

  /** Learns the values of a Secret. Those of Helm's releases are whole charts. */
  learnSecret({ type, data = {} }: { type?: string; data?: Record<string, string> }): void {
    if (type !== "helm.sh/release.v1") {
      Object.values(data).forEach((value) => this.learn(Buffer.from(value, "base64").toString("utf8")));
    }
  }

  /** @returns a copy of an object without the values of secrets, and without what only the API server needs. */
  object(value: unknown, sensitive = false): unknown {
    if (Array.isArray(value)) {
      return value.map((item, i) => {
        const flag: unknown = value[i - 1];
        const isValueOfFlag = typeof flag === "string" && /^--?[\w-]+$/.test(flag) && isSensitive(flag);
        return typeof item === "string" && isValueOfFlag ? this.take(item) : this.object(item, sensitive);
      });
    }
    if (typeof value === "string") {
      return this.json(value, sensitive);
    }
    return isMap(value) ? this.map(value, sensitive) : value;
  }

  /**
   * @returns a text that is JSON, such as a list in a stack's config, as {@link object} leaves it; any other text as it
   * is.
   */
  private json(text: string, sensitive: boolean): string {
    if (!/^\s*[[{]/.test(text)) {
      return text;
    }
    try {
      return JSON.stringify(this.object(JSON.parse(text), sensitive));
    } catch {
      return text;
    }
  }

  /** @returns a text without what is known to be a secret, or looks like one. */
  text(text: string): string {
    let rest = text;
    // The longest first: one may be a part of another.
    for (const value of [...this.known].sort((a, b) => b.length - a.length)) {
      rest = rest.replaceAll(value, removed);
    }
    return rest
      .replace(pem, removed)
      .replace(base64Pem, (found) => (Buffer.from(found, "base64").includes("PRIVATE KEY") ? removed : found))
      .replace(jwt, removed)
      .replace(authorization, `$1${removed}`)
      .replace(bearer, `$1${removed}`)
      .replace(userInfo, `$1:${removed}@`)
      .replace(assignment, (found: string, ...groups: (string | undefined)[]) => {
        const [name = "", sign = "", value = ""] = groups[0] === undefined ? groups.slice(3) : groups;
        return isSensitive(name) && !harmless.test(value.trim()) ? name + sign + removed : found;
      });
  }

  private take(value: string): string {
    if (value === "" || isCertificate(value)) {
      return value;
    }
    this.learn(value);
    return removed;
  }

  private map(map: Record<string, unknown>, sensitive: boolean): Record<string, unknown> {
    const label = [map.name, map.key].find((one) => typeof one === "string");
    const isSecret = map.kind === "Secret" && map.metadata !== undefined;
    const isOthers = typeof map.image === "string" && !istioContainers.test(String(map.name));
    const entries = Object.entries(map).flatMap(([key, value]): [string, unknown][] => {
      if (key === "managedFields" || key === "kubectl.kubernetes.io/last-applied-configuration") {
        return [];
      }
      if (isSecret && (key === "data" || key === "stringData") && isMap(value)) {
        return [[key, mapValues(value, () => removed)]];
      }
      if (key === "env") {
        return [[key, this.variables(value, isOthers)]];
      }
      const isOne = typeof value === "string" && holdsSecret(key, label, sensitive);
      return [[key, isOne ? this.take(value) : this.object(value, sensitive || isSensitive(key))]];
    });
    return Object.fromEntries(entries);
  }

  /** A container's variables, or a service's in the configuration: any of them may be a secret; their names stay. */
  private variables(env: unknown, isOthers: boolean): unknown {
    const hidden = (name: string, value: unknown, all: boolean) =>
      typeof value !== "string" || !(all || isSensitive(name)) ? value : isSensitive(name) ? this.take(value) : removed;
    if (!Array.isArray(env)) {
      return isMap(env) ? mapValues(env, (value, name) => hidden(name, value, true)) : env;
    }
    return env.map((one: unknown) =>
      isMap(one) && "value" in one ? { ...one, value: hidden(String(one.name), one.value, isOthers) } : one,
    );
  }
}

function mapValues(
  map: Record<string, unknown>,
  to: (value: unknown, key: string) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, to(value, key)]));
}

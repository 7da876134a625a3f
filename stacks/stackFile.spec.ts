import assert from "node:assert/strict";
import { knownConfigKeys } from "./config";
import { parseStackFile } from "./stackFile";

const read = (text: string) => parseStackFile(text, "Pulumi.dev.yaml", "sidecar-mesh", knownConfigKeys());

/** @returns each line that is said of a file, without the first. */
function said(text: string): string[] {
  try {
    read(text);
  } catch (error) {
    return (error as Error).message
      .split("\n")
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}

describe("a stack's config file", () => {
  const mistakes: [string, string, string[]][] = [
    [
      "a second document, which the engine passes over",
      "config: {}\n---\nconfig:\n  sidecar-mesh:profile: prod\n",
      ["Pulumi.dev.yaml: line 2: Pulumi reads what comes before --- alone; make it one document"],
    ],
    [
      "a merge of what is no object",
      "config:\n  <<: 3\n",
      [
        "Pulumi.dev.yaml: the file: its aliases (*) or merges (<<) can't be read: Merge sources must be maps or map aliases",
      ],
    ],
    [
      "an alias of what it stands in",
      "config:\n  sidecar-mesh:services: &a [*a]\n",
      [
        "Pulumi.dev.yaml: the file: its aliases (*) or merges (<<) can't be read: Converting circular structure to JSON",
      ],
    ],
    [
      "the key by which npm run render writes manifests",
      "config:\n  kubernetes:renderYamlToDirectory: out\n",
      [
        'Pulumi.dev.yaml: kubernetes:renderYamlToDirectory = "out": it would move the stack from its cluster to a folder; use npm run render -- DIR',
      ],
    ],
    [
      "a key without the project's namespace",
      "config:\n  mutualTls: PERMISSIVE\n",
      ['Pulumi.dev.yaml: mutualTls = "PERMISSIVE": nothing reads this key; write sidecar-mesh:mutualTls'],
    ],
    [
      "a slip in such a key",
      "config:\n  mutualTsl: PERMISSIVE\n",
      ['Pulumi.dev.yaml: mutualTsl = "PERMISSIVE": no such key; did you mean sidecar-mesh:mutualTls?'],
    ],
    [
      "a namespace with a slip",
      "config:\n  sidecarmesh:profile: prod\n",
      ['Pulumi.dev.yaml: sidecarmesh:profile = "prod": nothing reads this key; write sidecar-mesh:profile'],
    ],
    [
      "two slips",
      "config:\n  sidecarmesh:profil: prod\n",
      ['Pulumi.dev.yaml: sidecarmesh:profil = "prod": no such key; did you mean sidecar-mesh:profile?'],
    ],
    [
      "configs: in place of config:",
      "configs:\n  sidecar-mesh:profile: prod\n",
      ['Pulumi.dev.yaml: configs = {"sidecar-mesh:profile":"prod"}: no such key; did you mean config?'],
    ],
    [
      "a key that is not indented",
      "config:\nsidecar-mesh:profile: prod\n",
      ['Pulumi.dev.yaml: sidecar-mesh:profile = "prod": it belongs below config:, as sidecar-mesh:profile'],
    ],
    [
      "config as a list",
      "config:\n  - sidecar-mesh:profile: prod\n",
      [
        'Pulumi.dev.yaml: config = [{"sidecar-mesh:profile":"prod"}]: use an object, one line a key: sidecar-mesh:profile: dev',
      ],
    ],
    [
      "a file that is a text",
      "profile prod\n",
      ['Pulumi.dev.yaml: the file = "profile prod": start it with config:, and indent its keys'],
    ],
    [
      "a key that is there twice",
      "config:\n  sidecar-mesh:profile: dev\n  sidecar-mesh:profile: prod\n",
      ["Pulumi.dev.yaml: line 3: Map keys must be unique; keep one of the two"],
    ],
    [
      "numbers that JSON has not",
      "config:\n  sidecar-mesh:services:\n    - { name: a, replicas: .inf, port: .nan }\n",
      [
        "Pulumi.dev.yaml: sidecar-mesh:services[0].replicas = Infinity: use a finite number",
        "Pulumi.dev.yaml: sidecar-mesh:services[0].port = NaN: use a finite number",
      ],
    ],
  ];
  for (const [what, text, expected] of mistakes) {
    it(`is refused for ${what}, with file, key and fix`, () => assert.deepEqual(said(text), expected));
  }

  it("is refused for what is no YAML, and named once", () => {
    const [line, ...more] = said("config:\n  sidecar-mesh:services: [{ name: a\n");
    assert.deepEqual(more, []);
    assert.match(line!, /^Pulumi\.dev\.yaml: line \d+: no YAML: /);
    assert.equal(line!.split("Pulumi.dev.yaml").length, 2);
  });

  it("may merge mappings, as kubectl and the engine read them", () => {
    const text = [
      "config:",
      "  sidecar-mesh:services:",
      "    - &a { name: a, path: /a, replicas: 2 }",
      "    - { <<: *a, name: b, path: /b }",
    ].join("\n");
    const { config } = read(text) as { config: Record<string, unknown[]> };
    assert.deepEqual(config["sidecar-mesh:services"]![1], { name: "b", path: "/b", replicas: 2 });
  });

  it("may be empty, and may have what the engine writes into it", () => {
    assert.deepEqual(read(""), {});
    assert.deepEqual(said("encryptionsalt: v1:x\nsecretsprovider: passphrase\nconfig:\n  pulumi:tags: { a: b }\n"), []);
  });
});

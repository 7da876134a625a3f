import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { withoutSecrets, writeArchive } from "./archive";
import { logsOf } from "./collect";
import { SecretRemover } from "./secrets";
import { command } from "./support";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const { privateKey } = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});
const keyLine = privateKey.split("\n")[1]!;
const jwt = `${base64('{"alg":"RS256","typ":"JWT"}')}.${base64('{"sub":"planted-subject"}')}.c2lnbmF0dXJl`.replaceAll(
  "=",
  "",
);

/** What must not be in the archive. Each is planted in another place, and some in two. */
const planted = {
  secretData: "planted-in-secret-1",
  stringData: "planted-in-string-data",
  passphrase: "planted-passphrase 2!",
  variable: "planted-in-variable",
  anyVariable: "planted-in-any-variable",
  configMap: "planted-in-config-map",
  nested: "planted-in-nested-json",
  ini: "planted-in-ini",
  flag: "planted-in-flag",
  nextFlag: "planted-after-flag",
  url: "planted-in-url",
  header: "planted-in-header-value",
  bearer: "planted-in-bearer-token",
  query: "planted-in-query",
  logged: "planted-in-logged-header",
  envoy: "planted-in-envoy-data-source",
  stack: "planted-in-stack-file",
  setting: "planted-in-setting",
  encrypted: "v1:planted-encrypted",
  salt: "v1:planted-salt",
  subject: base64("planted-subject").slice(0, 12),
  jwt,
  keyLine,
} as const;

const container = (name: string, more: object) => ({ name, image: `registry.example/${name}`, ...more });
const files = [
  {
    path: "objects/demo/Secret.yaml",
    content: [
      {
        kind: "Secret",
        metadata: { name: "db" },
        data: { password: base64(planted.secretData), "tls.key": base64(privateKey) },
      },
      { kind: "Secret", metadata: { name: "new" }, stringData: { plain: planted.stringData } },
    ],
  },
  {
    path: "objects/demo/Pod.yaml",
    content: [
      {
        kind: "Pod",
        metadata: { annotations: { "kubectl.kubernetes.io/last-applied-configuration": planted.secretData } },
        spec: {
          containers: [
            container("shop", {
              env: [
                { name: "DB_PASSWORD", value: planted.variable },
                { name: "GREETING", value: planted.anyVariable },
                { name: "FROM", valueFrom: { secretKeyRef: { name: "db", key: "password" } } },
              ],
              args: [`--db-password=${planted.flag}`, "--api-token", planted.nextFlag, "--verbose"],
            }),
            container("istio-proxy", { env: [{ name: "ISTIO_META_CLUSTER_ID", value: "Kubernetes" }] }),
          ],
        },
      },
    ],
  },
  {
    path: "objects/observability/ConfigMap.yaml",
    content: [
      {
        kind: "ConfigMap",
        data: {
          "grafana.ini": `[security]\nadmin_user = admin\nadmin_password = ${planted.ini}\n`,
          "config.json": JSON.stringify({ auth: JSON.stringify({ clientSecret: planted.nested }) }),
          token: planted.configMap,
          "key.pem": privateKey,
          "key.b64": base64(privateKey),
          "remote.yaml": `url: https://metrics:${planted.url}@metrics.example/write\nauthorization: Bearer ${planted.bearer}`,
        },
      },
    ],
  },
  {
    path: "proxies/demo/shop.json",
    content: {
      configs: [
        {
          private_key: { inline_bytes: base64(planted.envoy) },
          certificate_chain: { filename: "/etc/certs/cert-chain.pem" },
        },
        { password: { inline_string: planted.envoy } },
        { header: { key: "x-api-key", value: planted.header } },
        { node: { metadata: { DB_PASSWORD_COPY: planted.variable } } },
      ],
    },
  },
  {
    path: "logs/demo/shop/shop.log",
    content:
      `connecting with ${planted.secretData} and ${encodeURIComponent(planted.passphrase)}\n` +
      `{"path":"/login?access_token=${planted.query}&page=2","msg":"\\"password\\": \\"${planted.nested}\\""}\n` +
      `sent bearer ${planted.logged}\nauthorization: Basic ${base64(`user:${planted.variable}`)}\ncookie session=${jwt}\n${privateKey}`,
  },
  {
    path: "stack.yaml",
    content: {
      file: {
        encryptionsalt: planted.salt,
        config: {
          "sidecar-mesh:services": [{ name: "shop", env: { LEVEL: planted.stack } }],
          "x:y": { secure: planted.encrypted },
          "x:services": JSON.stringify([{ name: "shop", env: { LEVEL: planted.setting } }]),
        },
      },
    },
  },
  { path: "learned.txt", content: `${planted.passphrase} ${planted.configMap} ${base64(planted.secretData)}\n` },
];

/** What has to be left, for the archive to be of use. */
const kept = [
  "ISTIO_META_CLUSTER_ID",
  "Kubernetes",
  "DB_PASSWORD",
  "secretKeyRef",
  "admin_user = admin",
  "/etc/certs/cert-chain.pem",
  "https://metrics:",
  "page=2",
  "--verbose",
  "registry.example/shop",
];

describe("npm run support", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "support-"))));
  after(() => rmSync(folder, { recursive: true }));

  async function archive(): Promise<string> {
    const remover = new SecretRemover(new Set(["istio-system"]));
    remover.learnSecret({ data: { password: base64(planted.secretData), namespace: base64("istio-system") } });
    remover.learn(planted.passphrase);
    const file = join(folder, `${Math.random()}.tgz`);
    await writeArchive(file, withoutSecrets(files, remover));
    assert.equal(statSync(file).mode & 0o777, 0o600, "for the user alone");
    return gunzipSync(readFileSync(file)).toString("utf8");
  }

  it("keeps none of the secrets that were planted", async () => {
    const before = JSON.stringify(files);
    const all = await archive();
    for (const [where, secret] of Object.entries(planted)) {
      if (where !== "subject") {
        const there = [secret, base64(secret), JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
        assert.ok(
          there.some((one) => before.includes(one)),
          `${where} is planted`,
        );
      }
      for (const form of [secret, base64(secret), encodeURIComponent(secret)]) {
        assert.equal(all.indexOf(form), -1, `${where} as ${form}`);
      }
    }
    assert.doesNotMatch(all, /PRIVATE KEY/);
  });

  it("keeps what it is for", async () => {
    const all = await archive();
    for (const text of kept) {
      assert.ok(all.includes(text), text);
    }
  });

  it("leaves JSON that can be read", () => {
    const secrets = [{ "@type": "Secret", secret: { tls_certificate_sds_secret_configs: [{ name: "default" }] } }];
    const [file] = withoutSecrets([{ path: "proxy.json", content: secrets }], new SecretRemover());
    assert.deepEqual(JSON.parse(file!.text), secrets);
  });

  it("takes a value that is everywhere for no secret", () => {
    const remover = new SecretRemover(new Set(["istio-system"]));
    ["istio-system", "admin", "true", "8080"].forEach((one) => remover.learn(one));
    const text = "istio-system admin true 8080\nautomountServiceAccountToken: false\nsecretName: db";
    assert.equal(remover.text(text), text);
    const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    remover.learn(certificate);
    assert.equal(remover.text(certificate), certificate);
    const chain = { secret: { certificate_chain: { inline_bytes: base64(certificate) } } };
    assert.deepEqual(remover.object(chain), chain);
    assert.equal(remover.text(base64(certificate)), base64(certificate));
  });

  it("removes the values of Secrets and variables, with no other help, and leaves their names", () => {
    const metadata = { name: "db", managedFields: [{}] };
    const object = (value: unknown) => new SecretRemover().object(value);
    assert.deepEqual(
      object({ kind: "Secret", metadata, data: { a: "eA==" }, stringData: { b: "y" }, immutable: true }),
      {
        kind: "Secret",
        metadata: { name: "db" },
        data: { a: "[removed]" },
        stringData: { b: "[removed]" },
        immutable: true,
      },
    );
    const others = [
      { kind: "ConfigMap", metadata: { name: "a" }, data: { a: "x" } },
      { kind: "Secret", name: "db", data: { a: "x" } },
      { kind: "Secret", metadata: { name: "db" }, type: { a: "x" } },
    ];
    others.forEach((one) => assert.deepEqual(object(one), one));
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": "all of it", a: "b" };
    assert.deepEqual(object({ annotations, managedFields: [] }), { annotations: { a: "b" } });
    const env = [
      { name: "LEVEL", value: "info" },
      { name: "DB_PASSWORD", value: "x" },
      { name: "A", valueFrom: {} },
      "x",
    ];
    const hidden = [
      { name: "LEVEL", value: "[removed]" },
      { name: "DB_PASSWORD", value: "[removed]" },
      ...env.slice(2),
    ];
    assert.deepEqual(object({ name: "shop", image: "shop:1", env }), { name: "shop", image: "shop:1", env: hidden });
    const ofIstio = { name: "istio-proxy", image: "proxyv2:1", env };
    assert.deepEqual(object(ofIstio), { ...ofIstio, env: [env[0], ...hidden.slice(1)] });
    assert.deepEqual(object({ name: "shop", env: { LEVEL: "info", PORT: 80 } }), {
      name: "shop",
      env: { LEVEL: "[removed]", PORT: 80 },
    });
  });

  it("knows a secret by the name beside it, the flag before it, or the field around it", () => {
    const object = (value: unknown) => new SecretRemover().object(value);
    assert.deepEqual(object([{ name: "api-key", value: "x" }, { name: "level", value: "x" }, { value: "x" }]), [
      { name: "api-key", value: "[removed]" },
      { name: "level", value: "x" },
      { value: "x" },
    ]);
    assert.deepEqual(
      object({ password: { value: "x", inlineString: "y", inline_bytes: "z", not_inline_string: "w" } }),
      {
        password: { value: "[removed]", inlineString: "[removed]", inline_bytes: "[removed]", not_inline_string: "w" },
      },
    );
    assert.deepEqual(object({ inline_string: "x" }), { inline_string: "x" });
    const args = [
      "--token",
      "x",
      "-password",
      "y",
      "--level",
      "z",
      "a--token",
      "v",
      "--token a",
      "u",
      "token",
      "t",
      "--token",
    ];
    assert.deepEqual(object([...args, { a: 1 }]), [
      ...["--token", "[removed]", "-password", "[removed]", ...args.slice(4)],
      { a: 1 },
    ]);
    assert.equal(object(' [{"password": "x"}]'), '[{"password":"[removed]"}]');
    assert.equal(object('{"a": '), '{"a": ');
    assert.equal(object('"x {"'), '"x {"');
    assert.deepEqual(object({ password: "" }), { password: "" });
  });

  it("finds what it has learnt by line, in JSON and in URLs, the longest first", () => {
    const remover = new SecretRemover();
    remover.learn("  six6ix\n");
    remover.learn("short");
    remover.learn("six6ix-and-more");
    remover.learn('with "quotes" & more');
    remover.learn("first line of it\n  second line of it\nlast");
    remover.learnSecret({ type: "helm.sh/release.v1", data: { release: base64("chart-of-istio") } });
    const cases: [string, string][] = [
      ["six6ix six6ix-and-more short", "[removed] [removed] short"],
      [JSON.stringify({ a: 'with "quotes" & more' }), '{"a":"[removed]"}'],
      [encodeURIComponent('with "quotes" & more'), "[removed]"],
      [base64("  six6ix\n"), "[removed]"],
      ["    second line of it\n    last", "    [removed]\n    last"],
      ["chart-of-istio", "chart-of-istio"],
      ["password=hunter2 ok", "password=[removed] ok"],
    ];
    cases.forEach(([text, expected]) => assert.equal(remover.text(text), expected));
    const key = `-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n${privateKey}`;
    assert.deepEqual(remover.object({ secret: key }), { secret: "[removed]" });
    assert.deepEqual(remover.object({ secret: base64(key) }), { secret: "[removed]" });
  });

  it("finds a secret in whatever form a text has it, and leaves what leads to one", () => {
    const remover = new SecretRemover();
    const hidden = [
      "password: two words",
      "password: 'two words'",
      'password = "two words"',
      "pin_token=12345678",
      String.raw`{\"clientSecret\":\"two words\"}`,
      "DB_PWD=words",
      "?api_key=words&x=1",
    ];
    for (const text of hidden) {
      assert.doesNotMatch(remover.text(text), /words|12345678/, text);
    }
    for (const text of [
      '"secret": {',
      '"tokens": [',
      "token: |",
      "secret: >-",
      "secret:\n  name: words",
      "tokenSeconds: 600",
      "password: $PASSWORD",
      "secretName: words",
    ]) {
      assert.equal(remover.text(text), text);
    }
  });

  it("reads the log of each container that has begun, and that of the one before", () => {
    const status = (name: string, state: object, lastState?: object) => ({ name, state, lastState });
    const pod = {
      spec: {
        containers: [{ name: "shop" }, { name: "new" }],
        initContainers: [{ name: "istio-proxy", restartPolicy: "Always" }, { name: "istio-init" }],
      },
      status: {
        containerStatuses: [
          status("shop", { waiting: { reason: "CrashLoopBackOff" } }, { terminated: { exitCode: 1 } }),
          status("new", { waiting: { reason: "ContainerCreating" } }),
        ],
        initContainerStatuses: [status("istio-proxy", { running: {} }), status("istio-init", { terminated: {} })],
      },
    };
    assert.deepEqual(logsOf(pod), [
      { container: "shop", previous: false },
      { container: "shop", previous: true },
      { container: "istio-proxy", previous: false },
    ]);
  });

  it("says before it collects anything that the archive's folder is not there", async () => {
    const said: string[] = [];
    const print = (text: string) => said.push(text);
    assert.equal(await command.execute(["--output", "/nowhere/support.tgz"], { out: print, err: print }), 2);
    assert.deepEqual(said, ["error: --output /nowhere/support.tgz: there is no folder /nowhere; make it first"]);
  });
});

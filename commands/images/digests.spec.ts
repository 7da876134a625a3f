import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StubRegistry } from "../../test/support/stubRegistry";
import { changesOf, renewDigests, registryDigest } from "./digests";
import { challengeOf, ImageRepository } from "./imageRepository";

const digestOf = (digit: string) => `sha256:${digit.repeat(64)}`;

describe("the digest of an image", () => {
  let registry: StubRegistry;
  beforeEach(async () => {
    registry = new StubRegistry();
    await registry.listen();
  });
  afterEach(() => registry.close());

  it("is asked for where the reference leads", () => {
    const urls = ["busybox:1", "docker.io/grafana/loki:3", "quay.io/kiali/kiali:v2", "localhost:5000/a/b:1"].map(
      (reference) => new ImageRepository(reference, "").url,
    );
    assert.deepEqual(urls, [
      "https://registry-1.docker.io/v2/library/busybox/",
      "https://registry-1.docker.io/v2/grafana/loki/",
      "https://quay.io/v2/kiali/kiali/",
      "http://localhost:5000/v2/a/b/",
    ]);
    assert.throws(() => new ImageRepository("busybox", ""), /busybox: a reference with a tag is needed/);
    assert.match(new ImageRepository("127.evil.example/a:1", "").url, /^https:/);
  });

  it("is what the registry tells, of the index of all platforms first", async () => {
    let accepted = "";
    registry.answers.set("/v2/a/b/manifests/1", ({ headers }, response) => {
      accepted = headers.accept!;
      response.writeHead(200, { "docker-content-digest": digestOf("a") }).end();
    });
    assert.equal(await registryDigest(`${registry.host}/a/b:1`), digestOf("a"));
    assert.match(accepted, /^application\/vnd\.oci\.image\.index\.v1\+json, application\/vnd\.docker.*manifest\.list/);
    assert.deepEqual(registry.requests, ["HEAD /v2/a/b/manifests/1"]);
  });

  it("is asked for with the token that everyone gets", async () => {
    registry.answers.set("/v2/a/manifests/1", ({ headers }, response) => {
      const challenge = `Bearer realm="http://${registry.host}/token?x=1",service="stub",scope="repository:a:pull"`;
      return headers.authorization === "Bearer t0ken"
        ? response.writeHead(200, { "docker-content-digest": digestOf("b") }).end()
        : response.writeHead(401, { "www-authenticate": challenge }).end();
    });
    registry.answers.set("/token", (_, response) => response.end('{"token":"t0ken"}'));
    assert.equal(await registryDigest(`${registry.host}/a:1`), digestOf("b"));
    assert.deepEqual(registry.requests, [
      "HEAD /v2/a/manifests/1",
      "GET /token?x=1&scope=repository%3Aa%3Apull&service=stub",
      "HEAD /v2/a/manifests/1 Bearer t0ken",
    ]);
    registry.answers.set("/token", (_, response) => response.end('{"access_token":"t0ken"}'));
    assert.equal(await registryDigest(`${registry.host}/a:1`), digestOf("b"));
    registry.answers.set("/token", (_, response) => response.end("{}"));
    await assert.rejects(registryDigest(`${registry.host}/a:1`), /answers without a token/);
  });

  it("is worked out of the manifest where the registry does not tell it", async () => {
    const manifest = '{"schemaVersion":2}';
    registry.answers.set("/v2/a/manifests/1", ({ method }, response) => response.end(method === "GET" ? manifest : ""));
    const digest = createHash("sha256").update(manifest).digest("hex");
    assert.equal(await registryDigest(`${registry.host}/a:1`), `sha256:${digest}`);
  });

  const refusals: [string, Record<string, string> | number, RegExp][] = [
    ["an image that is not there", 404, /\/a:1: 127\.0\.0\.1:\d+ answers 404: there is no such image/],
    ["an image that is not for everyone", 403, /answers 403: the image is not for everyone/],
    ["too many requests", 429, /answers 429: too many requests; try again later/],
    ["a registry that is ill", 500, /answers 500: try again later/],
    ["a login without a token", 401, /names no place that gives tokens to everyone/],
    ["a digest that is none", { "docker-content-digest": "sha256:1" }, /sha256:1, which is no sha256 digest/],
  ];
  for (const [title, answer, says] of refusals) {
    it(`says what is wrong with ${title}`, async () => {
      await assert.rejects(registryDigest(registry.image("a", "1", answer)), says);
    });
  }

  it("says that a registry does not answer", async () => {
    const { host } = registry;
    await registry.close();
    await assert.rejects(registryDigest(`${host}/a:1`), /no answer of 127\.0\.0\.1:\d+ \(ECONNREFUSED\)/);
    await registry.listen();
  });

  it("takes no token where others could read it", () => {
    const repository = new ImageRepository("busybox:1", "");
    assert.equal(
      repository.tokenPlace({ realm: "https://auth.docker.io/token" }).href,
      "https://auth.docker.io/token?scope=repository%3Alibrary%2Fbusybox%3Apull",
    );
    for (const realm of ["http://auth.docker.io/token", "file:///etc/passwd"]) {
      assert.throws(() => repository.tokenPlace({ realm }), /tokens at .*, which is not https/);
    }
    assert.throws(() => repository.tokenPlace({ realm: "/token" }), /names no place/);
  });

  it("reads of a challenge what a token needs", () => {
    assert.deepEqual(challengeOf('Bearer realm="https://a/t",service="b"'), { realm: "https://a/t", service: "b" });
    assert.deepEqual(
      [challengeOf('Basic realm="a"'), challengeOf("Bearer x"), challengeOf("")],
      Array(3).fill(undefined),
    );
  });

  describe("in the file that prod reads", () => {
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "digests-"))));
    afterEach(() => rmSync(folder, { recursive: true }));

    const written = (file: string) => JSON.parse(readFileSync(file, "utf8")) as unknown;

    it("is renewed, and said to have changed", async () => {
      const file = join(folder, "imageDigests.json");
      const images = [
        registry.image("a", "1", { "docker-content-digest": digestOf("a") }),
        registry.image("b", "1", { "docker-content-digest": digestOf("b") }),
      ];
      const [a, b] = images as [string, string];
      const log: string[] = [];
      const renew = (more: object = {}) => renewDigests({ file, images, ...more }, (line) => log.push(line));

      assert.deepEqual((await renew({ check: true })).changes, [`${a}: new`, `${b}: new`]);
      assert.ok(!existsSync(file), "a check writes nothing");
      await renew();
      assert.deepEqual(written(file), { [a]: digestOf("a"), [b]: digestOf("b") });
      assert.deepEqual((await renew()).changes, []);
      assert.deepEqual(log.slice(0, 2), [`${a} ${digestOf("a")}`, `${b} ${digestOf("b")}`]);

      registry.image("b", "1", { "docker-content-digest": digestOf("c") });
      const { changes } = await renew({ images: [b] });
      assert.deepEqual(changes, [
        `${a}: not used any more`,
        `${b}: the tag was moved from ${digestOf("b")} to ${digestOf("c")}`,
      ]);
      assert.deepEqual(written(file), { [b]: digestOf("c") });
    });

    it("stays as it was where one cannot be had", async () => {
      const file = join(folder, "imageDigests.json");
      const known = { "a:1": digestOf("a") };
      writeFileSync(file, JSON.stringify(known));
      const images = [
        registry.image("b", "1", { "docker-content-digest": digestOf("b") }),
        registry.image("c", "1", 404),
      ];
      await assert.rejects(
        renewDigests({ file, images }, () => undefined),
        /answers 404/,
      );
      assert.deepEqual(written(file), known);
    });

    it("is the same for the same images in another order", () => {
      assert.deepEqual(changesOf({ a: "1", b: "2" }, { b: "2", a: "1" }), []);
    });
  });
});

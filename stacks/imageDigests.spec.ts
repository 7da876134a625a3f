import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { images, istioHub, istioVersion } from "../components/versions";
import { parseConfig } from "./config";
import type { ImageDigests } from "./imageDigests";
import { readDigests, releasedImages } from "./imageDigests";

const digestOf = (digit: string) => `sha256:${digit.repeat(64)}`;

describe("digests of released images", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "digests-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  function read(text: string): ImageDigests {
    const file = join(folder, "imageDigests.json");
    writeFileSync(file, text);
    return readDigests(file);
  }

  it("are asked for every image of the table, and Istio's", () => {
    const released = releasedImages();
    for (const image of [images.loki, images.busybox, `${istioHub}/pilot:${istioVersion}`]) {
      assert.ok(released.includes(image), image);
    }
    assert.equal(released.length, Object.keys(images).length + 3);
    assert.deepEqual(released, [...released].sort());
  });

  it("come from a file, which nothing requires", () => {
    assert.deepEqual(readDigests(join(folder, "none.json")), {});
    const digests = { [images.loki]: digestOf("a") };
    assert.deepEqual(read(JSON.stringify(digests)), digests);
  });

  for (const text of ["{", "[]", '{ "a:1": "sha256:1" }', '{ "a:1": 1 }', `{ "A b": "${digestOf("a")}" }`]) {
    it(`refuse a file with ${text}`, () => {
      assert.throws(
        () => read(text),
        /imageDigests\.json: [^]*write the file again with npm run digests, or remove it/,
      );
    });
  }

  it("are there for all images of this version, or for none", () => {
    const digests = readDigests();
    const missing = releasedImages().filter((image) => digests[image] === undefined);
    assert.deepEqual(missing, Object.keys(digests).length === 0 ? releasedImages() : []);
  });
});

describe("images of the profile prod", () => {
  const pilot = `${istioHub}/pilot:${istioVersion}`;
  const digests = { [images.loki]: digestOf("a"), [images.kiali]: digestOf("b"), [pilot]: digestOf("c") };
  const configured = (settings: Record<string, string>) =>
    parseConfig(
      Object.fromEntries(Object.entries(settings).map(([key, value]) => [`sidecar-mesh:${key}`, value])),
      undefined,
      digests,
    );

  it("go by the digests that are known", () => {
    const { profile, istio } = configured({ profile: "prod" });
    assert.equal(profile.images.loki, `${images.loki}@${digestOf("a")}`);
    assert.equal(profile.images.jaeger, images.jaeger);
    assert.deepEqual(istio.images, { pilot: `${pilot}@${digestOf("c")}`, proxy: undefined, cni: undefined });
  });

  it("keep their digest in a mirror, and give way to what config says", () => {
    const own = { loki: digestOf("d"), kiali: "example.com/kiali:1", pilot: digestOf("e") };
    const { profile, istio } = configured({ profile: "prod", registry: "mirror.example", images: JSON.stringify(own) });
    assert.equal(profile.images.loki, `mirror.example/${images.loki}@${digestOf("d")}`);
    assert.equal(profile.images.kiali, "mirror.example/kiali:1");
    assert.equal(istio.images.pilot, `mirror.example/istio/pilot:${istioVersion}@${digestOf("e")}`);
    const mirrored = configured({ profile: "prod", registry: "mirror.example" });
    assert.equal(mirrored.profile.images.kiali, `mirror.example/kiali/kiali:v2.27@${digestOf("b")}`);
    assert.equal(mirrored.istio.images.pilot, `mirror.example/istio/pilot:${istioVersion}@${digestOf("c")}`);
  });

  it("have the digest of their own version and hub alone", () => {
    assert.equal(configured({ profile: "prod", istioTag: "1.30.5" }).istio.images.pilot, undefined);
    assert.equal(configured({ profile: "prod", istioHub: "example.com/istio" }).istio.images.pilot, undefined);
  });

  it("are the only ones: dev goes by tags", () => {
    const { profile, istio } = configured({ profile: "dev" });
    assert.equal(profile.images.loki, images.loki);
    assert.equal(istio.images.pilot, undefined);
  });
});

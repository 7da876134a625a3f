import assert from "node:assert/strict";
import type { Supplies } from "../../commands/images/imageList";
import { suppliesOf } from "../../commands/images/imageList";
import type { DeclaredResource } from "../../commands/pulumi/events";
import { withDigest } from "../../components/imageReference";
import { images, istioVersion } from "../../components/versions";
import { readDigests } from "../../stacks/imageDigests";
import { wholeProgram } from "../support/wholeProgram";

const registry = "mirror.example:5000/mesh";
const digest = `sha256:${"ab".repeat(32)}`;

/** Everything that can need an image, switched on; with images of one's own, and digests. */
const everything = {
  istioCni: "true",
  egressGateway: "true",
  images: JSON.stringify({ prometheus: digest, proxyv2: digest, pilot: "quay.io/fork/pilot:1.31.4-fixed" }),
  services: JSON.stringify([
    { name: "a", path: "/a" },
    { name: "b", image: "ghcr.io/team/b:1.0.0", versions: [{ version: "v1" }, { version: "v2", image: "team/b:2" }] },
  ]),
};

async function declared(settings: Record<string, string>): Promise<DeclaredResource[]> {
  const { resources, failure } = await wholeProgram("prod", settings);
  assert.ifError(failure);
  return resources.map(({ type, name, inputs }) => ({ type, name, props: inputs as DeclaredResource["props"] }));
}

/** @returns a released image as prod runs it: by its digest, if that is known. */
function asReleased(image: string): string {
  const digest = readDigests()[image];
  return digest === undefined ? image : withDigest(image, digest);
}

/** Everything under a key `image` or `hub`, wherever it is. */
function references(value: unknown): string[] {
  if (typeof value !== "object" || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, item]) =>
    (key === "image" || key === "hub") && typeof item === "string" ? [item] : references(item),
  );
}

describe("images", () => {
  let plain: Supplies;
  let mirrored: DeclaredResource[];
  before(async () => {
    plain = suppliesOf(await declared(everything), registry);
    mirrored = await declared({ ...everything, registry });
  });

  it("are all listed with an exact version, and charts too", () => {
    const listed = plain.images.map(({ image }) => image);
    for (const image of [
      asReleased(`docker.io/istio/install-cni:${istioVersion}`),
      `docker.io/istio/proxyv2:${istioVersion}@${digest}`,
      "quay.io/fork/pilot:1.31.4-fixed",
      `${images.prometheus}@${digest}`,
      asReleased(images.httpEcho),
      "ghcr.io/team/b:1.0.0",
      "team/b:2",
    ]) {
      assert.ok(listed.includes(image), `${image} in ${listed.join(", ")}`);
    }
    assert.deepEqual(
      listed.filter((image) => !/:[^/]*\d/.test(image)),
      [],
    );
    assert.deepEqual(plain.charts.map(({ name, version }) => `${name} ${version}`).sort(), [
      `base ${istioVersion}`,
      `cni ${istioVersion}`,
      `gateway ${istioVersion}`,
      `istiod ${istioVersion}`,
    ]);
  });

  it("are all taken from the mirror, if there is one, and from where the list says", () => {
    const found = references(mirrored).filter((image) => image !== "auto");
    assert.ok(found.length > 10);
    assert.deepEqual(
      found.filter((image) => !image.startsWith(`${registry}/`)),
      [],
    );
    assert.deepEqual(
      suppliesOf(mirrored).images.map(({ image }) => image),
      plain.images.map(({ mirror }) => mirror).sort(),
    );
  });
});

import { inRegistry, isDigest, isPinnedImage, isRegistry, withDigest } from "../components/imageReference";
import type { IstioImages } from "../components/istioValues";
import { images, type ImageTable } from "../components/versions";
import { z } from "zod";
import { key, noSuch, textThat } from "./schema";
import type { ConfigReader } from "./configReader";
import { istioImages } from "./imageDigests";
import type { ImageDigests } from "./imageDigests";
import type { IstioConfig } from "./istioConfig";
import type { ServiceConfig } from "./servicesConfig";

/** What config says of Istio, with the images that stand in for those of its hub and tag. */
export type IstioConfigWithImages = IstioConfig & { images: IstioImages };

/** What config says of images, whatever they are for. */
export interface ImagesConfig {
  /** @returns the table of images with what config puts in their place. */
  table: (images: ImageTable) => ImageTable;
  /** @returns the values for Istio's charts. */
  istio: (config: IstioConfig) => IstioConfigWithImages;
  /** @returns services whose own images are taken from the mirror, too. */
  services: (services: ServiceConfig[]) => ServiceConfig[];
}

const known = [...Object.keys(images), ...Object.keys(istioImages)];

/** Keys of images, whatever they are for. */
export const imagesKeys = {
  registry: key(
    "Registry that every image is taken from, for a cluster without internet, for example mirror.example:5000/mesh; paths stay. auto leaves each where it is.",
    textThat(isRegistry, "use host, host:port or host/path of a registry in lower case, without a scheme"),
  ),
  images: key(
    "Images in place of the stack's own, by name (docs/airgap.md), each a reference with a version or a digest (sha256:...) of the stack's own image.",
    z.record(
      z.string().refine((v) => known.includes(v), {
        error: ({ input }) => noSuch("image", String(input), known, `use one of ${known.join(", ")}`),
      }),
      textThat(
        (v) => (v.startsWith("sha256:") ? isDigest(v) : isPinnedImage(v)),
        "use a digest (sha256: and 64 hexadecimal digits), or a reference with a version or digest",
      ),
      "use an object",
    ),
    {},
  ),
};

/**
 * Reads the keys of images.
 * @param digests What images go by whose digest is known, unless config says otherwise.
 */
export function readImages(reader: ConfigReader, digests: ImageDigests): ImagesConfig {
  const { registry, images: overrides } = reader.read(imagesKeys);
  const mirrored = (reference: string) => (registry === undefined ? reference : inRegistry(reference, registry));
  const replaced = (name: string, reference: string) => {
    const override = overrides[name] ?? digests[reference];
    return mirrored(
      override === undefined ? reference : isDigest(override) ? withDigest(reference, override) : override,
    );
  };
  return {
    table: (images) =>
      Object.fromEntries(Object.entries(images).map(([name, image]) => [name, replaced(name, image)])) as ImageTable,
    istio: (config) => {
      const image = (name: keyof typeof istioImages) => {
        const reference = `${config.hub}/${istioImages[name]}:${config.tag}`;
        return overrides[name] || digests[reference] ? replaced(name, reference) : undefined;
      };
      return {
        ...config,
        hub: mirrored(config.hub),
        images: { pilot: image("pilot"), proxy: image("proxyv2"), cni: image("installCni") },
      };
    },
    services: (services) =>
      services.map((service) => ({
        ...service,
        image: mirrored(service.image),
        versions: service.versions?.map((version) => ({ ...version, image: mirrored(version.image) })),
      })),
  };
}

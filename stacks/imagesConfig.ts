import { inRegistry, isDigest, isPinnedImage, isRegistry, withDigest } from "../components/imageReference";
import type { IstioImages } from "../components/istioValues";
import type { ImageTable } from "../components/versions";
import { noSuch } from "./configReader";
import type { ConfigReader } from "./configReader";
import { istioImages } from "./imageDigests";
import type { ImageDigests } from "./imageDigests";
import type { IstioConfig } from "./istioConfig";
import type { ServiceConfig } from "./servicesConfig";

/** What config says of images, whatever they are for. */
export interface ImagesConfig {
  /** @returns the table of images with what config puts in their place. */
  table: (images: ImageTable) => ImageTable;
  /** @returns the values for Istio's charts. */
  istio: (config: IstioConfig) => IstioConfig & { images: IstioImages };
  /** @returns services whose own images are taken from the mirror, too. */
  services: (services: ServiceConfig[]) => ServiceConfig[];
}

/**
 * Reads the keys `registry` and `images`.
 * @param known Names of the images that are not Istio's.
 * @param digests What images go by whose digest is known, unless config says otherwise.
 */
export function readImages(reader: ConfigReader, known: readonly string[], digests: ImageDigests): ImagesConfig {
  const registry = reader.textThat(
    "registry",
    undefined,
    isRegistry,
    "use host, host:port or host/path of a registry in lower case, without a scheme",
  );
  const overrides = readOverrides(reader, [...known, ...Object.keys(istioImages)]);

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

function readOverrides(reader: ConfigReader, names: readonly string[]): Record<string, string> {
  const key = "images";
  const overrides = Object.entries(reader.object(key)).filter((entry): entry is [string, string] => {
    const [name, value] = entry;
    if (!names.includes(name)) {
      reader.problem(`${key}.${name}`, value, noSuch("image", name, names, `use one of ${names.join(", ")}`));
      return false;
    }
    if (typeof value !== "string" || !(value.startsWith("sha256:") ? isDigest(value) : isPinnedImage(value))) {
      const fix = "use a digest (sha256: and 64 hexadecimal digits), or a reference with a version or digest";
      reader.problem(`${key}.${name}`, value, fix);
      return false;
    }
    return true;
  });
  return Object.fromEntries(overrides);
}

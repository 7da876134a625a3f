import type { LoadSettings } from "../components/loadGenerator";
import type { ConfigReader } from "./configReader";
import type { Profile } from "./profile";

/** What config says of the load generator. */
export type LoadConfig = LoadSettings;

/** Reads the keys of the load generator. @returns undefined if it is off. */
export function readLoad(reader: ConfigReader, { load, images }: Profile): LoadConfig | undefined {
  const enabled = reader.boolean("loadGenerator", load.enabled);
  const ratePerSecond = reader.integer("loadGeneratorRate", load.ratePerSecond, { min: 1, max: 100 });
  return enabled ? { image: images.fortio, ratePerSecond, resources: load.resources } : undefined;
}

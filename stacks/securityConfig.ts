import type { ConfigReader } from "./configReader";

/** What config says of who may talk to whom, and how. */
export interface SecurityConfig {
  /** What workloads accept: STRICT only mutual TLS, PERMISSIVE plain text as well. */
  mutualTls: "STRICT" | "PERMISSIVE";
  /** Refuse every caller that no declared edge allows. */
  defaultDeny: boolean;
}

/** Reads the keys of the mesh's security. */
export function readSecurity(reader: ConfigReader): SecurityConfig {
  return {
    mutualTls: reader.oneOf("mutualTls", ["STRICT", "PERMISSIVE"], "STRICT"),
    defaultDeny: reader.boolean("defaultDeny", true),
  };
}

import { dev } from "./dev";
import type { Profile } from "./profile";

/**
 * The embedded cluster: `dev` on images that were built on the machine itself. They carry a hub of their own, because they are not
 * the releases whose place they take; and their Envoy is the upstream one, without Istio's filters.
 */
export const sandbox: Profile = {
  ...dev,
  name: "sandbox",
  istio: {
    ...dev.istio,
    istiodEnv: { PILOT_ENABLE_METADATA_EXCHANGE: "false", PILOT_ENABLE_ALPN_FILTER: "false" },
    telemetryFilter: false,
  },
  images: { httpEcho: "sandbox.local/http-echo:1.0.0" },
};

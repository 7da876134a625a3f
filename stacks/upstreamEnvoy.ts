import type { Profile } from "./profile";

/**
 * A profile for proxies that are the upstream Envoy, as the images of the embedded cluster have it. It lacks Istio's own filters for
 * metadata exchange, ALPN and statistics: istiod must not configure them, and an access logger counts requests in their place.
 */
export function withUpstreamEnvoy(profile: Profile): Profile {
  return {
    ...profile,
    istio: {
      ...profile.istio,
      istiodEnv: {
        ...profile.istio.istiodEnv,
        PILOT_ENABLE_METADATA_EXCHANGE: "false",
        PILOT_ENABLE_ALPN_FILTER: "false",
      },
      telemetryFilter: false,
    },
    observability: { ...profile.observability, statsAccessLog: true },
  };
}

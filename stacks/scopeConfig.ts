import { isKnownHost } from "../components/proxyScope";
import type { ConfigReader } from "./configReader";
import type { ProfileName } from "./profile";

/** What config says of what proxies know. */
export interface ScopeConfig {
  /** Each proxy knows what is declared that it calls; false: every Service of the cluster. */
  declared: boolean;
  /** What every sidecar knows besides. */
  hosts: string[];
}

/** Reads the keys of what proxies know. `defaultDeny` is whether edges have to be declared. */
export function readScope(reader: ConfigReader, profile: ProfileName, defaultDeny: boolean): ScopeConfig {
  const usual = profile === "prod" && defaultDeny ? "declared" : "mesh";
  const declared = reader.oneOf("proxyScope", ["declared", "mesh"], usual) === "declared";
  if (declared && !defaultDeny) {
    reader.problem(
      "proxyScope",
      "declared",
      "without defaultDeny a service may be called by whom no allowFrom names, and declared would cut those off; set defaultDeny, or take mesh",
    );
  }
  const hosts = reader.texts("proxyScopeHosts", []);
  hosts.forEach((host, i) => {
    if (!isKnownHost(host)) {
      reader.problem(
        `proxyScopeHosts[${i}]`,
        host,
        "use NAMESPACE/HOST, for example shop/cart.shop.svc.cluster.local, shop/* or */api.example.com",
      );
    }
  });
  if (hosts.length > 0 && !declared) {
    reader.problem("proxyScopeHosts", hosts, "only used with proxyScope declared; set that, or remove this key");
  }
  return { declared, hosts };
}

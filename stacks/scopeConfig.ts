import { isKnownHost } from "../components/proxyScope";
import type { ConfigReader } from "./configReader";
import { z } from "zod";
import { key, oneOf, textThat } from "./schema";
import type { ProfileName } from "./profile";

/** What config says of what proxies know. */
export interface ScopeConfig {
  /** Each proxy knows what is declared that it calls; false: every Service of the cluster. */
  declared: boolean;
  /** What every sidecar knows besides. */
  hosts: string[];
}

/** Keys of what proxies know. */
export const scopeKeys = {
  proxyScope: key(
    "What each proxy knows of the mesh, declared (what it calls by allowFrom and paths, and proxyScopeHosts) or mesh (every Service of the cluster). auto takes declared in prod with defaultDeny, else mesh.",
    oneOf(["declared", "mesh"]),
  ),
  proxyScopeHosts: key(
    "What every sidecar knows besides with proxyScope declared, each NAMESPACE/HOST of Services and ServiceEntries, for example shop/* or */api.example.com.",
    z.array(
      textThat(
        isKnownHost,
        "use NAMESPACE/HOST, for example shop/cart.shop.svc.cluster.local, shop/* or */api.example.com",
      ),
      "use a list of texts",
    ),
    [],
  ),
};

/** Reads the keys of what proxies know. `defaultDeny` is whether edges have to be declared. */
export function readScope(reader: ConfigReader, profile: ProfileName, defaultDeny: boolean): ScopeConfig {
  const { proxyScope, proxyScopeHosts: hosts } = reader.read(scopeKeys);
  const declared = (proxyScope ?? (profile === "prod" && defaultDeny ? "declared" : "mesh")) === "declared";
  if (declared && !defaultDeny) {
    const fix =
      "without defaultDeny a service may be called by whom no allowFrom names, and declared would cut those off; set defaultDeny, or take mesh";
    reader.problem("proxyScope", "declared", fix);
  }
  if (hosts.length > 0 && !declared && !reader.isWrong("proxyScope")) {
    reader.problem("proxyScopeHosts", hosts, "only used with proxyScope declared; set that, or remove this key");
  }
  return { declared, hosts };
}

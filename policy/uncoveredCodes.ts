/** Codes of `istioctl analyze` that no rule covers, each with the reason: none of them can be decided from declarations. */
export const uncoveredCodes: Readonly<Record<string, string>> = {
  IST0001: "is a failure of the analyzer itself",
  IST0126: "compares networks with the registries of other clusters, which no manifest of this one declares",
  IST0141: "asks the API server for the rights of the user who installs Istio",
  IST0142: "asks the API server for its version",
  IST0143: "reads what a running container listens on",
  IST0156: "asks the cluster for the version of the Gateway API, before an upgrade",
  IST0158: "compares the image of running proxies with the injector's",
  IST0168: "compares two versions of Istio, before an upgrade",
  IST0169: "compares a running control plane with the one that is to follow it",
  IST0170: "compares Services of several clusters",
  IST0171: "reads status conditions, which no declaration holds",
  IST0172: "asks the cluster for the version of the Gateway API, before an upgrade",
};

import { isIP } from "node:net";
import { rule } from "../rule";
import { analysis } from "../sources";

/** An external control plane can be reached by name. */
export const controlPlaneAddress = rule({
  name: "control-plane-address",
  description: "A webhook of Istio that calls an external control plane has an address, and it is a host name.",
  rationale: "Without an address no pod can be injected; an IP address changes with the load balancer behind it.",
  fix: "Set `clientConfig.url` to the host name of the external control plane.",
  level: "mandatory",
  codes: ["IST0163", "IST0164"],
  source: analysis("IST0163"),
  check({ mesh, each, report }) {
    each(mesh.of("Webhooks"), (configuration) => {
      const { name, kind } = configuration;
      const own =
        kind === "MutatingWebhookConfiguration"
          ? name.startsWith("istio-sidecar-injector")
          : name === "istiod-default-validator" || name.startsWith("istio-validator");
      if (!own) {
        return;
      }
      configuration.fields.webhooks?.forEach(({ clientConfig = {} }, i) => {
        const { url, service } = clientConfig;
        const field = `webhooks[${i}].clientConfig`;
        const host = url !== undefined && URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, "") : undefined;
        if (url === undefined ? service === undefined : host === undefined) {
          report(configuration, {
            field,
            message: url === undefined ? "It names neither a URL nor a Service." : `Its URL ${url} is none.`,
            fix: "Set the URL of the control plane.",
          });
        } else if (host !== undefined && isIP(host) !== 0) {
          report(configuration, {
            field: `${field}.url`,
            message: `Its URL names the IP address ${host}, which changes with the load balancer.`,
            fix: "Use a host name.",
            code: "IST0164",
            certain: false,
          });
        }
      });
    });
  },
});

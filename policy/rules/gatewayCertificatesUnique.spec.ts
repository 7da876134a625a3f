import { specify, unknown } from "../testing";
import { gatewayCertificatesUnique } from "./gatewayCertificatesUnique";

specify(gatewayCertificatesUnique, {
  violations: [
    {
      it: "finds two gateways with one certificate",
      edits: ["a", "b"].map((name) => [
        `+Gateway ${name}`,
        "",
        {
          spec: {
            selector: { istio: "ingressgateway" },
            servers: [{ port: { number: 443 }, hosts: [name], tls: { mode: "SIMPLE", credentialName: "cert" } }],
          },
        },
      ]),
      on: "Gateway demo/a",
      code: "IST0138",
    },
  ],
  passes: [
    {
      it: "passes two certificates",
      edits: ["a", "b"].map((name) => [
        `+Gateway ${name}`,
        "",
        {
          spec: {
            selector: { istio: "ingressgateway" },
            servers: [{ hosts: [name], tls: { credentialName: `cert-${name}` } }],
          },
        },
      ]),
    },
    { it: "passes servers without TLS", edits: [["Gateway entry", "spec.servers[0].tls", {}]] },
  ],
  unknown: { edits: [["Gateway entry", "spec.servers[0].tls.credentialName", unknown]], on: "Gateway demo/entry" },
});

import { specify, unknown } from "../testing";
import { gatewayCredentialValid } from "./gatewayCredentialValid";

specify(gatewayCredentialValid, {
  violations: [
    {
      it: "finds a Secret that is not there",
      edits: [
        ["+Secret other", "", { metadata: { namespace: "istio-system" }, data: {} }],
        ["Gateway entry", "spec.servers[0].tls", { mode: "SIMPLE", credentialName: "cert" }],
      ],
      on: "Gateway demo/entry",
      code: "IST0101",
    },
    {
      it: "finds a Secret without a key",
      edits: [
        ["+Secret cert", "", { metadata: { namespace: "istio-system" }, stringData: { "tls.crt": "-" } }],
        ["Gateway entry", "spec.servers[0].tls", { mode: "SIMPLE", credentialName: "cert" }],
      ],
      on: "Gateway demo/entry",
      code: "IST0161",
    },
    {
      it: "finds a certificate that is none",
      edits: [
        [
          "+Secret cert",
          "",
          { metadata: { namespace: "istio-system" }, stringData: { "tls.crt": "-", "tls.key": "-" } },
        ],
        ["Gateway entry", "spec.servers[0].tls", { mode: "SIMPLE", credentialName: "cert" }],
      ],
      on: "Gateway demo/entry",
      code: "IST0161",
    },
    {
      it: "only advises where no Secret is declared at all",
      edits: [["Gateway entry", "spec.servers[0].tls", { mode: "SIMPLE", credentialName: "cert" }]],
      on: "Gateway demo/entry",
      level: "advisory",
    },
  ],
  passes: [
    {
      it: "passes servers without a credential",
      edits: [["Gateway entry", "spec.servers[0].tls", { mode: "SIMPLE" }]],
    },
  ],
  unknown: { edits: [["Gateway entry", "spec.servers[0].tls.credentialName", unknown]], on: "Gateway demo/entry" },
});

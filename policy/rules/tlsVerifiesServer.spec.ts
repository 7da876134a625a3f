import { specify, unknown } from "../testing";
import { tlsVerifiesServer } from "./tlsVerifiesServer";

specify(tlsVerifiesServer, {
  violations: [
    {
      it: "finds TLS without a CA",
      edits: [["DestinationRule api", "spec.trafficPolicy.tls.caCertificates"]],
      on: "DestinationRule demo/api",
      code: "IST0128",
    },
    {
      it: "finds it on a port",
      edits: [
        [
          "DestinationRule api",
          "spec.trafficPolicy",
          { portLevelSettings: [{ port: { number: 443 }, tls: { mode: "SIMPLE" } }] },
        ],
      ],
      on: "DestinationRule demo/api",
      code: "IST0129",
    },
  ],
  passes: [
    {
      it: "passes Istio's own TLS",
      edits: [["DestinationRule api", "spec.trafficPolicy.tls", { mode: "ISTIO_MUTUAL" }]],
    },
    { it: "passes a rule without a policy", edits: [["DestinationRule api", "spec.trafficPolicy"]] },
  ],
  unknown: {
    edits: [["DestinationRule api", "spec.trafficPolicy.tls.caCertificates", unknown]],
    on: "DestinationRule demo/api",
  },
});

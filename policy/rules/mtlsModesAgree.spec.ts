import { specify, unknown } from "../testing";
import { mtlsModesAgree } from "./mtlsModesAgree";

specify(mtlsModesAgree, {
  violations: [
    {
      it: "finds plain text to a strict server",
      edits: [["DestinationRule payment", "spec.trafficPolicy.tls.mode", "DISABLE"]],
      on: "DestinationRule demo/payment",
      code: "KIA0207",
    },
    {
      it: "finds mutual TLS to a server without",
      edits: [["PeerAuthentication default", "spec.mtls.mode", "DISABLE"]],
      on: "DestinationRule demo/payment",
      code: "KIA0206",
    },
    {
      it: "finds it for a namespace",
      edits: [
        [
          "DestinationRule payment",
          "spec",
          { host: "*.demo.svc.cluster.local", trafficPolicy: { tls: { mode: "DISABLE" } } },
        ],
      ],
      on: "DestinationRule demo/payment",
    },
    {
      it: "finds it for the mesh",
      edits: [
        ["PeerAuthentication default", "metadata.namespace", "istio-system"],
        ["DestinationRule payment", "spec", { host: "*.local", trafficPolicy: { tls: { mode: "DISABLE" } } }],
      ],
      on: "DestinationRule demo/payment",
      code: "KIA0208",
    },
    {
      it: "finds it on a port",
      edits: [
        [
          "DestinationRule payment",
          "spec.trafficPolicy.portLevelSettings",
          [{ port: { number: 80 }, tls: { mode: "DISABLE" } }],
        ],
      ],
      on: "DestinationRule demo/payment",
    },
    {
      it: "finds it in a subset",
      edits: [["DestinationRule payment", "spec.subsets[0].trafficPolicy", { tls: { mode: "DISABLE" } }]],
      on: "DestinationRule demo/payment",
    },
  ],
  passes: [
    {
      it: "passes plain text where it is permitted",
      edits: [
        ["DestinationRule payment", "spec.trafficPolicy.tls.mode", "DISABLE"],
        ["PeerAuthentication default", "spec.mtls.mode", "PERMISSIVE"],
      ],
    },
    { it: "passes a rule without TLS", edits: [["DestinationRule payment", "spec.trafficPolicy"]] },
    {
      it: "asks the workload's own policy first",
      edits: [
        ["DestinationRule payment", "spec.trafficPolicy.tls.mode", "DISABLE"],
        [
          "+PeerAuthentication payment",
          "",
          { spec: { selector: { matchLabels: { app: "payment" } }, mtls: { mode: "PERMISSIVE" } } },
        ],
      ],
    },
  ],
  unknown: {
    edits: [["DestinationRule payment", "spec.trafficPolicy.tls.mode", unknown]],
    on: "DestinationRule demo/payment",
  },
});

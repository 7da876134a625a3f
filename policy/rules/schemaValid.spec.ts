import { specify, unknown } from "../testing";
import { schemaValid } from "./schemaValid";

specify(schemaValid, {
  violations: [
    {
      it: "finds a wrong type",
      edits: [["Service user", "spec.ports", "80"]],
      on: "Service demo/user",
      code: "IST0106",
    },
    {
      it: "finds a label that is no string",
      edits: [["Deployment user", "spec.template.metadata.labels.version", 1]],
      on: "Deployment demo/user",
    },
    {
      it: "finds a VirtualService without rules",
      edits: [["VirtualService entry", "spec.http"]],
      on: "VirtualService demo/entry",
    },
    {
      it: "finds weights that add up to nothing",
      edits: [
        [
          "VirtualService entry",
          "spec.http[0].route",
          [{ destination: { host: "user" } }, { destination: { host: "payment" } }],
        ],
      ],
      on: "VirtualService demo/entry",
    },
    {
      it: "finds a duration that is none",
      edits: [["VirtualService entry", "spec.http[0].timeout", "5"]],
      on: "VirtualService demo/entry",
    },
    { it: "finds a Gateway without servers", edits: [["Gateway entry", "spec.servers", []]], on: "Gateway demo/entry" },
    {
      it: "finds HTTPS without TLS",
      edits: [["Gateway entry", "spec.servers[0].port.protocol", "HTTPS"]],
      on: "Gateway demo/entry",
    },
    {
      it: "finds an unknown protocol",
      edits: [["Gateway entry", "spec.servers[0].port.protocol", "WEB"]],
      on: "Gateway demo/entry",
    },
    {
      it: "finds a DestinationRule without a host",
      edits: [["DestinationRule payment", "spec.host"]],
      on: "DestinationRule demo/payment",
    },
    {
      it: "finds a subset twice",
      edits: [
        ["DestinationRule payment", "spec.subsets", [1, 2].map(() => ({ name: "v1", labels: { version: "v1" } }))],
      ],
      on: "DestinationRule demo/payment",
    },
    {
      it: "finds a ServiceEntry without hosts",
      edits: [["ServiceEntry api", "spec.hosts", []]],
      on: "ServiceEntry demo/api",
    },
    { it: "finds an empty Sidecar", edits: [["Sidecar default", "spec", {}]], on: "Sidecar demo/default" },
    {
      it: "finds a mode that is none",
      edits: [["PeerAuthentication default", "spec.mtls.mode", "ON"]],
      on: "PeerAuthentication demo/default",
    },
    {
      it: "finds an action that is none",
      edits: [["AuthorizationPolicy payment", "spec.action", "PERMIT"]],
      on: "AuthorizationPolicy demo/payment",
    },
    {
      it: "finds a share that is none",
      edits: [["Telemetry default", "spec.tracing[0].randomSamplingPercentage", 120]],
      on: "Telemetry demo/default",
    },
  ],
  unknown: { edits: [["VirtualService entry", "spec.http[0].timeout", unknown]], on: "VirtualService demo/entry" },
});

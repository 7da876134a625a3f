import { specify, unknown } from "../../test/support/policyStack";
import { serviceEntryAddresses, serviceEntryProtocolsAgree } from "./serviceEntries";

specify(serviceEntryAddresses, {
  violations: [
    {
      it: "finds TCP without addresses",
      edits: [["ServiceEntry api", "spec.ports[0].protocol", "TCP"]],
      on: "ServiceEntry demo/api",
      code: "IST0134",
    },
    {
      it: "takes no protocol for TCP",
      edits: [["ServiceEntry api", "spec.ports[0].protocol"]],
      on: "ServiceEntry demo/api",
    },
  ],
  passes: [
    {
      it: "passes with addresses",
      edits: [
        ["ServiceEntry api", "spec.ports[0].protocol", "TCP"],
        ["ServiceEntry api", "spec.addresses", ["192.0.2.7"]],
      ],
    },
    {
      it: "passes where Istio allocates them",
      edits: [
        ["ServiceEntry api", "spec.ports[0].protocol", "TCP"],
        [
          "Release istiod",
          "values.meshConfig.defaultConfig.proxyMetadata",
          { ISTIO_META_DNS_CAPTURE: "true", ISTIO_META_DNS_AUTO_ALLOCATE: "true" },
        ],
      ],
    },
    { it: "passes an entry without ports", edits: [["ServiceEntry api", "spec.ports"]] },
  ],
  unknown: { edits: [["ServiceEntry api", "spec.ports[0].protocol", unknown]], on: "ServiceEntry demo/api" },
});

specify(serviceEntryProtocolsAgree, {
  violations: [
    {
      it: "finds two protocols for a host",
      edits: [
        [
          "+ServiceEntry twin",
          "",
          { spec: { hosts: ["api.example.com"], ports: [{ number: 443, name: "https", protocol: "HTTPS" }] } },
        ],
      ],
      on: "ServiceEntry demo/twin",
      code: "IST0177",
    },
  ],
  passes: [
    {
      it: "passes the same protocol in other case",
      edits: [
        [
          "+ServiceEntry twin",
          "",
          { spec: { hosts: ["api.example.com"], ports: [{ number: 443, name: "http", protocol: "http" }] } },
        ],
      ],
    },
    {
      it: "passes another port",
      edits: [
        [
          "+ServiceEntry twin",
          "",
          { spec: { hosts: ["api.example.com"], ports: [{ number: 80, name: "http", protocol: "HTTP" }] } },
        ],
      ],
    },
    { it: "passes an entry without ports", edits: [["ServiceEntry api", "spec.ports"]] },
  ],
  unknown: { edits: [["ServiceEntry api", "spec.ports[0].protocol", unknown]], on: "ServiceEntry demo/api" },
});

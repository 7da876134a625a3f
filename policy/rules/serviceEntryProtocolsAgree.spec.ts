import { specify, unknown } from "../testing";
import { serviceEntryProtocolsAgree } from "./serviceEntryProtocolsAgree";

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
          { spec: { hosts: ["api.example.com"], ports: [{ number: 443, name: "tls", protocol: "tls" }] } },
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

import { specify, unknown } from "../testing";
import { oneProtocolPerPort } from "./oneProtocolPerPort";

specify(oneProtocolPerPort, {
  violations: [
    {
      it: "finds one port with two protocols",
      edits: [
        [
          "+Service twin",
          "",
          {
            spec: { selector: { app: "user" }, ports: [{ name: "udp", port: 80, protocol: "UDP", targetPort: 8080 }] },
          },
        ],
      ],
      on: "Deployment demo/user",
      code: "IST0116",
    },
    {
      it: "finds one target under two ports",
      edits: [
        [
          "+Service twin",
          "",
          { spec: { selector: { app: "user" }, ports: [{ name: "http", port: 81, targetPort: 8080 }] } },
        ],
      ],
      on: "Deployment demo/user",
      code: "IST0137",
    },
    {
      it: "looks into namespaces with a revision as well",
      edits: [
        ["Namespace demo", "metadata.labels", { "istio.io/rev": "default" }],
        [
          "+Service twin",
          "",
          { spec: { selector: { app: "user" }, ports: [{ name: "http", port: 81, targetPort: 8080 }] } },
        ],
      ],
      on: "Deployment demo/user",
    },
  ],
  passes: [
    {
      it: "passes Services that agree",
      edits: [
        [
          "+Service twin",
          "",
          { spec: { selector: { app: "user" }, ports: [{ name: "http", port: 80, targetPort: 8080 }] } },
        ],
      ],
    },
    {
      it: "passes a Service without a selector",
      edits: [["+Service twin", "", { spec: { ports: [{ name: "http", port: 81 }] } }]],
    },
  ],
  unknown: { edits: [["Service user", "spec.ports[0].port", unknown]], on: "Deployment demo/user" },
});

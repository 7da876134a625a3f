import { specify, unknown } from "../testing";
import { externalNamePort } from "./externalNamePort";

specify(externalNamePort, {
  violations: [
    {
      it: "finds plain tcp",
      edits: [
        [
          "+Service alias",
          "",
          { spec: { type: "ExternalName", externalName: "a.example.com", ports: [{ name: "tcp", port: 443 }] } },
        ],
      ],
      on: "Service demo/alias",
      code: "IST0150",
    },
    {
      it: "finds a name that is no protocol",
      edits: [
        [
          "+Service alias",
          "",
          { spec: { type: "ExternalName", externalName: "a.example.com", ports: [{ name: "web", port: 443 }] } },
        ],
      ],
      on: "Service demo/alias",
    },
  ],
  passes: [
    {
      it: "passes a protocol",
      edits: [
        [
          "+Service alias",
          "",
          { spec: { type: "ExternalName", externalName: "a.example.com", ports: [{ name: "tls", port: 443 }] } },
        ],
      ],
    },
    {
      it: "passes an alias without ports",
      edits: [["+Service alias", "", { spec: { type: "ExternalName", externalName: "a.example.com" } }]],
    },
  ],
  unknown: {
    edits: [
      ["+Service alias", "", { spec: { type: "ExternalName", ports: [{ port: 443 }] } }],
      ["Service alias", "spec.ports[0].name", unknown],
    ],
    on: "Service demo/alias",
  },
});

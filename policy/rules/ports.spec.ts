import { specify, unknown, type Edit } from "../../test/support/policyStack";
import {
  canonicalLabels,
  externalNamePort,
  oneProtocolPerPort,
  portProtocolDeclared,
  serverFirstExplicitTcp,
  targetPortExists,
} from "./ports";

/** A Service without a pod in the input, with a port whose protocol nothing says. */
function podless(namespace: string, labels: object, selector: object = { app: "x" }): Edit {
  const metadata = { namespace, labels };
  return ["+Service podless", "", { metadata, spec: { selector, ports: [{ name: "debug", port: 8080 }] } }];
}

specify(portProtocolDeclared, {
  violations: [
    {
      it: "finds a name that is no protocol",
      edits: [["Service user", "spec.ports[0].name", "web"]],
      on: "Service demo/user",
      code: "IST0118",
    },
    { it: "finds a port without a name", edits: [["Service user", "spec.ports[0].name"]], on: "Service demo/user" },
    {
      it: "finds a Service of a user's that has Istio's labels outside of istio-system",
      edits: [podless("demo", { release: "istio", istio: "pilot" })],
      on: "Service demo/podless",
    },
    {
      it: "finds a Service of another release in istio-system",
      edits: [podless("istio-system", { release: "monitoring" })],
      on: "Service istio-system/podless",
    },
    {
      it: "finds an unknown appProtocol",
      edits: [["Service user", "spec.ports[0].appProtocol", "gopher"]],
      on: "Service demo/user",
    },
  ],
  passes: [
    {
      it: "takes appProtocol for the name",
      edits: [
        ["Service user", "spec.ports[0].name", "web"],
        ["Service user", "spec.ports[0].appProtocol", "kubernetes.io/h2c"],
      ],
    },
    { it: "takes a suffix", edits: [["Service user", "spec.ports[0].name", "grpc-api"]] },
    { it: "passes a Service without ports", edits: [["Service user", "spec.ports"]] },
    { it: "leaves Istio's ports to Istio, by its release", edits: [podless("istio-system", { release: "istio" })] },
    { it: "leaves Istio's ports to Istio, by its label", edits: [podless("istio-system", { istio: "pilot" })] },
    { it: "leaves istiod's ports to Istio, by its selector", edits: [podless("mesh", {}, { istio: "pilot" })] },
    { it: "leaves a gateway's ports to Istio", edits: [podless("mesh", {}, { istio: "eastwestgateway" })] },
  ],
  unknown: { edits: [["Service user", "spec.ports[0].name", unknown]], on: "Service demo/user" },
});

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

specify(serverFirstExplicitTcp, {
  violations: [
    {
      it: "finds MySQL declared as http",
      edits: [["Service store", "spec.ports[0]", { name: "http", port: 3306 }]],
      on: "Service demo/store",
    },
    {
      it: "finds PostgreSQL without a protocol",
      edits: [["Service store", "spec.ports[0]", { name: "db", port: 5432 }]],
      on: "Service demo/store",
    },
  ],
  passes: [
    { it: "passes tcp", edits: [["Service store", "spec.ports[0]", { name: "tcp-db", port: 5432 }]] },
    { it: "passes the protocol itself", edits: [["Service store", "spec.ports[0]", { name: "mysql", port: 3306 }]] },
    { it: "passes a Service without ports", edits: [["Service store", "spec.ports"]] },
  ],
  unknown: { edits: [["Service store", "spec.ports[0].port", unknown]], on: "Service demo/store" },
});

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

specify(targetPortExists, {
  violations: [
    {
      it: "finds a name that no container has",
      edits: [["Service user", "spec.ports[0].targetPort", "web"]],
      on: "Service demo/user",
      code: "KIA0701",
    },
    {
      it: "advises of a port that no container declares, for it may be open all the same",
      edits: [["Service user", "spec.ports[0].targetPort", 8081]],
      on: "Service demo/user",
      level: "advisory",
    },
    {
      it: "takes the port for the target where none is named",
      edits: [["Service user", "spec.ports[0].targetPort"]],
      on: "Service demo/user",
      level: "advisory",
    },
  ],
  passes: [
    {
      it: "finds ports by name",
      edits: [
        ["Service user", "spec.ports[0].targetPort", "web"],
        ["Deployment user", "spec.template.spec.containers[0].ports[0].name", "web"],
      ],
    },
    {
      it: "believes arguments",
      edits: [
        ["Service user", "spec.ports[0].targetPort", 8081],
        ["Deployment user", "spec.template.spec.containers[0].args", ["-listen=:8081"]],
      ],
    },
    {
      it: "passes containers that declare no ports",
      edits: [
        ["Service user", "spec.ports[0].targetPort", 8081],
        ["Deployment user", "spec.template.spec.containers[0].ports"],
      ],
    },
  ],
  unknown: { edits: [["Service user", "spec.ports[0].targetPort", unknown]], on: "Service demo/user" },
});

specify(canonicalLabels, {
  violations: [
    {
      it: "finds pods without a version",
      edits: [["Deployment user", "spec.template.metadata.labels.version"]],
      on: "Deployment demo/user",
    },
    {
      it: "finds pods without a name",
      edits: [["StatefulSet store", "spec.template.metadata.labels.app"]],
      on: "StatefulSet demo/store",
    },
  ],
  passes: [
    {
      it: "takes Kubernetes' own labels",
      edits: [
        [
          "Deployment user",
          "spec.template.metadata.labels",
          { "app.kubernetes.io/name": "user", "app.kubernetes.io/version": "1" },
        ],
      ],
    },
    { it: "leaves Jobs alone", edits: [["Job migrate", "spec.template.metadata.labels.version"]] },
  ],
  unknown: {
    edits: [
      ["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/inject"]', unknown],
      ["Deployment user", "spec.template.metadata.labels.version"],
    ],
    on: "Deployment demo/user",
  },
});

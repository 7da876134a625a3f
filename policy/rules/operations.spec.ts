import { specify, unknown } from "../../test/support/policyStack";
import { dashboardsNotPublic, imagesPinned } from "./operations";

specify(dashboardsNotPublic, {
  violations: [
    {
      it: "finds a route to a dashboard",
      edits: [["VirtualService entry", "spec.http[0].route[0].destination.host", "grafana.tools.svc.cluster.local"]],
      on: "VirtualService demo/entry",
    },
    {
      it: "is mandatory in production",
      edits: [["VirtualService entry", "spec.http[0].route[0].destination.host", "kiali"]],
      on: "VirtualService demo/entry",
      level: "mandatory",
      settings: { profile: "prod" },
    },
    {
      it: "finds a load balancer",
      edits: [["+Service prometheus", "", { spec: { type: "LoadBalancer", ports: [{ name: "http", port: 9090 }] } }]],
      on: "Service demo/prometheus",
    },
    {
      it: "finds an Ingress",
      edits: [
        [
          "+Ingress web",
          "",
          { spec: { rules: [{ http: { paths: [{ backend: { service: { name: "jaeger-query" } } }] } }] } },
        ],
      ],
      on: "Ingress demo/web",
    },
    {
      it: "finds an HTTPRoute",
      edits: [
        [
          "+HTTPRoute web",
          "",
          { spec: { parentRefs: [{ name: "entry" }], rules: [{ backendRefs: [{ name: "grafana", port: 3000 }] }] } },
        ],
      ],
      on: "HTTPRoute demo/web",
    },
    {
      it: "takes other names from its configuration",
      edits: [["VirtualService entry", "spec.http[0].route[0].destination.host", "user"]],
      on: "VirtualService demo/entry",
      settings: { rules: { "dashboards-not-public": { services: ["user"] } } },
    },
  ],
  passes: [
    {
      it: "passes routes of the mesh",
      edits: [["VirtualService payment", "spec.http[0].route[0].destination.host", "grafana"]],
    },
    {
      it: "passes a route without a host",
      edits: [["VirtualService entry", "spec.http[0].route[0].destination.host"]],
    },
  ],
  unknown: {
    edits: [["VirtualService entry", "spec.http[0].route[0].destination.host", unknown]],
    on: "VirtualService demo/entry",
  },
});

specify(imagesPinned, {
  violations: [
    {
      it: "finds latest",
      edits: [["Deployment user", "spec.template.spec.containers[0].image", "hashicorp/http-echo:latest"]],
      on: "Deployment demo/user",
    },
    {
      it: "finds no tag, a port of the registry not being one",
      edits: [["Deployment user", "spec.template.spec.containers[0].image", "localhost:5000/http-echo"]],
      on: "Deployment demo/user",
    },
  ],
  passes: [
    {
      it: "passes a digest",
      edits: [["Deployment user", "spec.template.spec.containers[0].image", "http-echo@sha256:00"]],
    },
    {
      it: "passes a container without an image",
      edits: [["Deployment user", "spec.template.spec.containers[0].image"]],
    },
  ],
  unknown: {
    edits: [["Deployment user", "spec.template.spec.containers[0].image", unknown]],
    on: "Deployment demo/user",
  },
});

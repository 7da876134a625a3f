import { specify, unknown } from "../../test/support/policyStack";
import {
  annotationCurrent,
  annotationKnown,
  annotationPlacement,
  annotationStable,
  annotationValid,
} from "./annotations";

specify(annotationKnown, {
  violations: [
    {
      it: "finds a misspelt annotation",
      edits: [["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/proxyCPUs"]', "1"]],
      on: "Deployment demo/user",
      code: "IST0108",
    },
    {
      it: "finds it on a Service",
      edits: [["Service user", 'metadata.annotations["networking.istio.io/exportTwo"]', "."]],
      on: "Service demo/user",
    },
  ],
  passes: [
    { it: "leaves others' annotations alone", edits: [["Service user", 'metadata.annotations["example.com/x"]', "."]] },
    { it: "passes pods without metadata", edits: [["Deployment user", "spec.template.metadata"]] },
  ],
  unknown: { edits: [["Service user", "metadata.annotations", unknown]], on: "Service demo/user" },
});

specify(annotationPlacement, {
  violations: [
    {
      it: "finds a pod's annotation on the Deployment",
      edits: [["Deployment user", 'metadata.annotations["sidecar.istio.io/proxyCPU"]', "100m"]],
      on: "Deployment demo/user",
      code: "IST0107",
    },
    {
      it: "finds an ingress annotation on a Namespace",
      edits: [["Namespace demo", 'metadata.annotations["kubernetes.io/ingress.class"]', "x"]],
      on: "Namespace demo",
    },
  ],
  passes: [
    {
      it: "passes it on the template",
      edits: [["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/proxyCPU"]', "100m"]],
    },
    { it: "passes a Deployment without annotations", edits: [["Deployment user", "metadata.annotations"]] },
  ],
  unknown: { edits: [["Deployment user", "metadata.annotations", unknown]], on: "Deployment demo/user" },
});

specify(annotationValid, {
  violations: [
    {
      it: "finds a quantity that is none",
      edits: [["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/proxyCPU"]', "lots"]],
      on: "Deployment demo/user",
      code: "IST0125",
    },
    {
      it: "finds ports that are none",
      edits: [
        [
          "StatefulSet store",
          'spec.template.metadata.annotations["traffic.sidecar.istio.io/excludeInboundPorts"]',
          "80,x",
        ],
      ],
      on: "StatefulSet demo/store",
    },
  ],
  passes: [
    {
      it: "passes a quantity",
      edits: [["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/proxyMemory"]', "128Mi"]],
    },
    {
      it: "passes ranges",
      edits: [
        [
          "Deployment user",
          'spec.template.metadata.annotations["traffic.sidecar.istio.io/includeOutboundIPRanges"]',
          "10.0.0.0/8,192.168.0.0/16",
        ],
      ],
    },
    { it: "passes pods without annotations", edits: [["Deployment user", "spec.template.metadata.annotations"]] },
  ],
  unknown: {
    edits: [["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/proxyCPU"]', unknown]],
    on: "Deployment demo/user",
  },
});

specify(annotationCurrent, {
  violations: [
    {
      it: "finds the deprecated inject annotation",
      edits: [["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/inject"]', "true"]],
      on: "Deployment demo/user",
      code: "IST0135",
    },
  ],
  passes: [
    {
      it: "passes it beside the label",
      edits: [
        ["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/inject"]', "true"],
        ["Deployment user", 'spec.template.metadata.labels["sidecar.istio.io/inject"]', "true"],
      ],
    },
    { it: "passes pods without annotations", edits: [["Deployment user", "spec.template.metadata.annotations"]] },
  ],
  unknown: {
    edits: [["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/inject"]', unknown]],
    on: "Deployment demo/user",
  },
});

specify(annotationStable, {
  violations: [
    {
      it: "finds an alpha annotation on a Service",
      edits: [["Service user", 'metadata.annotations["networking.istio.io/exportTo"]', "."]],
      on: "Service demo/user",
      code: "IST0136",
    },
  ],
  passes: [
    {
      it: "leaves pod templates alone",
      edits: [["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/userVolume"]', "[]"]],
    },
    { it: "passes a Service without annotations", edits: [["Service user", "metadata.annotations"]] },
  ],
  unknown: { edits: [["Service user", "metadata.annotations", unknown]], on: "Service demo/user" },
});

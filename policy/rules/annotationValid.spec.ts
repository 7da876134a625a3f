import { specify, unknown } from "../testing";
import { annotationValid } from "./annotationValid";

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

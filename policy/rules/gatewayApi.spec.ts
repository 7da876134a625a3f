import { specify, unknown } from "../testing";
import { gatewayApiVersion } from "./gatewayApi";

specify(gatewayApiVersion, {
  violations: [
    {
      it: "finds an old definition",
      edits: [
        [
          "+CustomResourceDefinition tlsroutes.gateway.networking.k8s.io",
          "",
          { metadata: { annotations: { "gateway.networking.k8s.io/bundle-version": "v1.2.0" } } },
        ],
      ],
      on: "CustomResourceDefinition tlsroutes.gateway.networking.k8s.io",
      code: "IST0176",
    },
  ],
  passes: [
    {
      it: "passes a new one",
      edits: [
        [
          "+CustomResourceDefinition tlsroutes.gateway.networking.k8s.io",
          "",
          { metadata: { annotations: { "gateway.networking.k8s.io/bundle-version": "v1.5.1" } } },
        ],
      ],
    },
    {
      it: "passes one without a version",
      edits: [["+CustomResourceDefinition tlsroutes.gateway.networking.k8s.io", "", {}]],
    },
  ],
  unknown: {
    edits: [
      ["+CustomResourceDefinition tlsroutes.gateway.networking.k8s.io", "", {}],
      [
        "CustomResourceDefinition tlsroutes.gateway.networking.k8s.io",
        'metadata.annotations["gateway.networking.k8s.io/bundle-version"]',
        unknown,
      ],
    ],
    on: "CustomResourceDefinition tlsroutes.gateway.networking.k8s.io",
  },
});

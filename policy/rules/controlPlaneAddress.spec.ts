import { specify, unknown } from "../testing";
import { controlPlaneAddress } from "./controlPlaneAddress";

specify(controlPlaneAddress, {
  violations: [
    {
      it: "finds a webhook without an address",
      edits: [
        [
          "+MutatingWebhookConfiguration istio-sidecar-injector-x",
          "",
          { webhooks: [{ name: "x.istio.io", clientConfig: {} }] },
        ],
      ],
      on: "MutatingWebhookConfiguration istio-sidecar-injector-x",
      code: "IST0163",
    },
    {
      it: "finds an IP address",
      edits: [
        [
          "+MutatingWebhookConfiguration istio-sidecar-injector-x",
          "",
          { webhooks: [{ name: "x.istio.io", clientConfig: { url: "https://192.0.2.1:15017/inject" } }] },
        ],
      ],
      on: "MutatingWebhookConfiguration istio-sidecar-injector-x",
      code: "IST0164",
      level: "advisory",
    },
  ],
  passes: [
    {
      it: "passes a host name",
      edits: [
        [
          "+MutatingWebhookConfiguration istio-sidecar-injector-x",
          "",
          { webhooks: [{ name: "x.istio.io", clientConfig: { url: "https://istiod.example.com/inject" } }] },
        ],
      ],
    },
  ],
  unknown: {
    edits: [
      [
        "+MutatingWebhookConfiguration istio-sidecar-injector-x",
        "",
        { webhooks: [{ name: "x.istio.io", clientConfig: {} }] },
      ],
      ["MutatingWebhookConfiguration istio-sidecar-injector-x", "webhooks[0].clientConfig.url", unknown],
    ],
    on: "MutatingWebhookConfiguration istio-sidecar-injector-x",
  },
});

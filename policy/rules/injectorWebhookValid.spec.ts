import { specify, unknown } from "../testing";
import { injectorWebhookValid } from "./injectorWebhookValid";

specify(injectorWebhookValid, {
  violations: [
    {
      it: "finds a webhook whose Service is not declared",
      edits: [
        [
          "+MutatingWebhookConfiguration istio-sidecar-injector-x",
          "",
          {
            webhooks: [{ name: "x.istio.io", clientConfig: { service: { name: "gone", namespace: "istio-system" } } }],
          },
        ],
      ],
      on: "MutatingWebhookConfiguration istio-sidecar-injector-x",
      code: "IST0139",
    },
    {
      it: "finds two webhooks that take the same pods",
      edits: ["a", "b"].map((name) => [
        `+MutatingWebhookConfiguration istio-sidecar-injector-${name}`,
        "",
        {
          webhooks: [{ name: "x.istio.io", clientConfig: { service: { name: "istiod", namespace: "istio-system" } } }],
        },
      ]),
      on: "MutatingWebhookConfiguration istio-sidecar-injector-a",
    },
  ],
  passes: [
    {
      it: "passes webhooks of others",
      edits: [["+MutatingWebhookConfiguration other", "", { webhooks: [{ name: "x.example.com" }] }]],
    },
  ],
  unknown: {
    edits: [
      ["+MutatingWebhookConfiguration istio-sidecar-injector-x", "", { webhooks: [] }],
      ["MutatingWebhookConfiguration istio-sidecar-injector-x", "webhooks", unknown],
    ],
    on: "MutatingWebhookConfiguration istio-sidecar-injector-x",
  },
});

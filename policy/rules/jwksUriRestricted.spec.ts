import { specify, unknown } from "../testing";
import { jwksUriRestricted } from "./jwksUriRestricted";

specify(jwksUriRestricted, {
  violations: [
    {
      it: "finds an istiod that may call anything",
      edits: [
        [
          "+Deployment istiod",
          "",
          {
            metadata: { namespace: "istio-system", labels: { app: "istiod" } },
            spec: { template: { spec: { containers: [{ name: "discovery", image: "a:1" }] } } },
          },
        ],
      ],
      on: "Deployment istio-system/istiod",
      code: "IST0175",
    },
  ],
  passes: [
    {
      it: "passes one that may not",
      edits: [
        [
          "+Deployment istiod",
          "",
          {
            metadata: { namespace: "istio-system", labels: { app: "istiod" } },
            spec: {
              template: {
                spec: {
                  containers: [
                    {
                      name: "discovery",
                      image: "a:1",
                      env: [{ name: "BLOCKED_CIDRS_IN_JWKS_URIS", value: "10.0.0.0/8" }],
                    },
                  ],
                },
              },
            },
          },
        ],
      ],
    },
    {
      it: "passes without any policy",
      edits: [
        ["RequestAuthentication gateway", ""],
        ["+Deployment istiod", "", { metadata: { namespace: "istio-system", labels: { app: "istiod" } }, spec: {} }],
      ],
    },
  ],
  unknown: {
    edits: [
      [
        "+Deployment istiod",
        "",
        { metadata: { namespace: "istio-system", labels: { app: "istiod" } }, spec: { template: { spec: {} } } },
      ],
      ["Deployment istiod", "spec.template.spec.containers", unknown],
    ],
    on: "Deployment istio-system/istiod",
  },
});

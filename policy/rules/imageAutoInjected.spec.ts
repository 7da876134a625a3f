import { specify, unknown } from "../testing";
import { imageAutoInjected } from "./imageAutoInjected";

specify(imageAutoInjected, {
  violations: [
    {
      it: "finds image auto where nothing is injected",
      edits: [
        ["Namespace demo", 'metadata.labels["istio-injection"]', "disabled"],
        ["Deployment user", "spec.template.spec.containers", [{ name: "istio-proxy", image: "auto" }]],
      ],
      on: "Deployment demo/user",
      code: "IST0146",
    },
    {
      it: "finds a bare Pod",
      edits: [
        [
          "+Pod edge",
          "",
          { metadata: { namespace: "tools" }, spec: { containers: [{ name: "istio-proxy", image: "auto" }] } },
        ],
      ],
      on: "Pod tools/edge",
      code: "IST0147",
    },
  ],
  passes: [
    {
      it: "passes image auto where it is injected",
      edits: [["Deployment user", "spec.template.spec.containers", [{ name: "istio-proxy", image: "auto" }]]],
    },
    { it: "passes pods without containers", edits: [["Deployment user", "spec.template.spec"]] },
  ],
  unknown: {
    edits: [["Deployment user", "spec.template.spec.containers[0].image", unknown]],
    on: "Deployment demo/user",
  },
});

import { specify, unknown } from "../testing";
import { noProxyUid } from "./noProxyUid";

specify(noProxyUid, {
  violations: [
    {
      it: "finds a pod that runs as the proxy",
      edits: [["Deployment user", "spec.template.spec.securityContext.runAsUser", 1337]],
      on: "Deployment demo/user",
      code: "IST0144",
    },
    {
      it: "finds a container with the proxy's group",
      edits: [["StatefulSet store", "spec.template.spec.containers[0].securityContext.runAsGroup", 1337]],
      on: "StatefulSet demo/store",
    },
    {
      it: "finds an init container",
      edits: [
        [
          "CronJob report",
          "spec.jobTemplate.spec.template.spec.initContainers",
          [{ name: "init", image: "a:1", securityContext: { runAsUser: 1337 } }],
        ],
      ],
      on: "CronJob demo/report",
    },
  ],
  passes: [
    {
      it: "passes any other user",
      edits: [["Deployment user", "spec.template.spec.securityContext.runAsUser", 1000]],
    },
    { it: "passes pods without a spec", edits: [["Deployment user", "spec.template.spec"]] },
  ],
  unknown: {
    edits: [["Deployment user", "spec.template.spec.securityContext.runAsUser", unknown]],
    on: "Deployment demo/user",
  },
});

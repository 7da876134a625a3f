import { specify, unknown } from "../../test/support/policyStack";
import {
  controlPlaneAddress,
  hostNetworkBypassesMesh,
  imageAutoInjected,
  injectionLabelsExclusive,
  injectionLabelValid,
  injectLabelOnTemplate,
  injectorWebhookValid,
  injectValueExact,
  jobNeedsNativeSidecar,
  namespaceMembershipExplicit,
  noProxyPorts,
  noProxyUid,
  psaRestrictedNeedsCni,
  revisionExists,
  workloadDependsOnInjector,
  workloadGetsSidecar,
  proxyNotBypassed,
} from "./injection";

specify(workloadGetsSidecar, {
  violations: [
    {
      it: "finds a workload in a namespace without the label",
      edits: [["Namespace demo", 'metadata.labels["istio-injection"]']],
      on: "Deployment demo/user",
      code: "IST0103",
    },
    {
      it: "finds pods that opt out",
      edits: [["Deployment user", 'spec.template.metadata.labels["sidecar.istio.io/inject"]', "false"]],
      on: "Deployment demo/user",
    },
    {
      it: "finds every kind of workload",
      edits: [["Namespace demo", 'metadata.labels["istio-injection"]']],
      on: "CronJob demo/report",
    },
    {
      it: "finds a custom resource with a pod template",
      edits: [
        ["Namespace demo", 'metadata.labels["istio-injection"]', "Enabled"],
        ["+Rollout canary", "", { spec: { template: { spec: { containers: [{ name: "app", image: "a:1" }] } } } }],
      ],
      on: "Rollout demo/canary",
    },
    {
      it: "finds an annotation that does nothing without the label",
      edits: [
        ["Namespace demo", 'metadata.labels["istio-injection"]'],
        ["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/inject"]', "true"],
      ],
      on: "Deployment demo/user",
    },
    {
      it: "finds a revision that is not installed",
      edits: [["Namespace demo", "metadata.labels", { "istio.io/rev": "canary" }]],
      on: "Deployment demo/user",
    },
    {
      it: "finds pods that the injector never injects",
      edits: [
        ["Release istiod", "values.sidecarInjectorWebhook.neverInjectSelector", [{ matchLabels: { app: "user" } }]],
      ],
      on: "Deployment demo/user",
    },
  ],
  passes: [
    {
      it: "lets a namespace stay out in so many words",
      edits: [["Namespace demo", 'metadata.labels["istio-injection"]', "disabled"]],
    },
    {
      it: "takes a label that is no answer for none",
      edits: [["Deployment user", 'spec.template.metadata.labels["sidecar.istio.io/inject"]', "False"]],
    },
    {
      it: "knows revisions that are installed by other means",
      edits: [["Namespace demo", "metadata.labels", { "istio.io/rev": "canary" }]],
      settings: { revisions: ["canary"] },
    },
    {
      it: "lets pods opt out where that is configured",
      edits: [["Deployment user", 'spec.template.metadata.labels["sidecar.istio.io/inject"]', "false"]],
      settings: { rules: { "workload-gets-sidecar": { allowOptOut: true } } },
    },
    {
      it: "says nothing of a namespace that is not declared",
      edits: [["Namespace demo", ""]],
    },
  ],
  unknown: {
    edits: [["Namespace demo", 'metadata.labels["istio-injection"]', unknown]],
    on: "Deployment demo/user",
  },
});

specify(workloadDependsOnInjector, {
  violations: [
    {
      it: "finds a workload that depends on nothing",
      edits: [["Deployment user", "dependencies", []]],
      on: "Deployment demo/user",
    },
    {
      it: "finds one that depends on its namespace, where that does not wait for istiod",
      edits: [
        ["Namespace demo", "dependencies", []],
        ["Deployment user", "dependencies", ["urn:pulumi:dev::mesh::kubernetes:core/v1:Namespace::demo"]],
      ],
      on: "Deployment demo/user",
    },
  ],
  passes: [
    {
      it: "follows dependencies through others",
      edits: [["Deployment user", "dependencies", ["urn:pulumi:dev::mesh::kubernetes:core/v1:Namespace::demo"]]],
    },
    {
      it: "does not ask it of a workload outside the mesh",
      edits: [
        ["Namespace demo", 'metadata.labels["istio-injection"]', "disabled"],
        ["Deployment user", "dependencies", []],
      ],
    },
  ],
  unknown: {
    edits: [
      ["Deployment user", "dependencies", []],
      ["Deployment user", "spec.template.metadata.labels", unknown],
      ["Deployment payment", 'spec.template.metadata.labels["sidecar.istio.io/inject"]', unknown],
    ],
    on: "Deployment demo/payment",
  },
});

specify(injectionLabelValid, {
  violations: [
    {
      it: "finds a value that reads like a yes",
      edits: [["Namespace demo", 'metadata.labels["istio-injection"]', "true"]],
      on: "Namespace demo",
    },
    {
      it: "finds wrong case",
      edits: [["Namespace demo", 'metadata.labels["istio-injection"]', "Enabled"]],
      on: "Namespace demo",
    },
  ],
  passes: [
    { it: "passes a namespace without the label", edits: [["Namespace demo", "metadata.labels"]] },
    { it: "passes disabled", edits: [["Namespace demo", 'metadata.labels["istio-injection"]', "disabled"]] },
  ],
  unknown: { edits: [["Namespace demo", 'metadata.labels["istio-injection"]', unknown]], on: "Namespace demo" },
});

specify(injectionLabelsExclusive, {
  violations: [
    {
      it: "finds two ways to ask for injection",
      edits: [["Namespace demo", 'metadata.labels["istio.io/rev"]', "default"]],
      on: "Namespace demo",
      code: "IST0123",
    },
    {
      it: "finds injection together with ambient mode",
      edits: [["Namespace demo", 'metadata.labels["istio.io/dataplane-mode"]', "ambient"]],
      on: "Namespace demo",
    },
  ],
  passes: [
    { it: "passes a namespace without labels", edits: [["Namespace demo", "metadata.labels"]] },
    {
      it: "lets a namespace without injection be in ambient mode",
      edits: [["Namespace tools", 'metadata.labels["istio.io/dataplane-mode"]', "ambient"]],
    },
  ],
  unknown: { edits: [["Namespace demo", 'metadata.labels["istio.io/rev"]', unknown]], on: "Namespace demo" },
});

specify(revisionExists, {
  violations: [
    {
      it: "finds a namespace that asks for a revision which is not installed",
      edits: [["Namespace demo", "metadata.labels", { "istio.io/rev": "canary" }]],
      on: "Namespace demo",
      code: "KIA1316",
    },
    {
      it: "finds the default revision missing where only another is installed",
      edits: [["Release istiod", "values.revision", "canary"]],
      on: "Namespace demo",
    },
    {
      it: "finds a pod that asks for a missing revision",
      edits: [
        ["Namespace tools", "metadata.labels", {}],
        ["Deployment user", "metadata.namespace", "tools"],
        ["Deployment user", 'spec.template.metadata.labels["istio.io/rev"]', "canary"],
      ],
      on: "Deployment tools/user",
    },
  ],
  passes: [
    {
      it: "knows tags of an installed revision",
      edits: [
        ["Namespace demo", "metadata.labels", { "istio.io/rev": "canary" }],
        ["Release istiod", "values.revisionTags", ["canary"]],
      ],
    },
    {
      it: "knows revisions that are installed by other means",
      edits: [["Namespace demo", "metadata.labels", { "istio.io/rev": "canary" }]],
      settings: { revisions: ["canary"] },
    },
    { it: "passes a namespace without labels", edits: [["Namespace demo", "metadata.labels"]] },
  ],
  unknown: {
    edits: [
      ["Namespace demo", "metadata.labels", { "istio.io/rev": "x" }],
      ["Namespace demo", 'metadata.labels["istio-injection"]', unknown],
    ],
    on: "Namespace demo",
  },
});

specify(injectLabelOnTemplate, {
  violations: [
    {
      it: "finds the label on the Deployment",
      edits: [["Deployment user", 'metadata.labels["sidecar.istio.io/inject"]', "true"]],
      on: "Deployment demo/user",
    },
    {
      it: "finds the revision on a CronJob",
      edits: [["CronJob report", 'metadata.labels["istio.io/rev"]', "default"]],
      on: "CronJob demo/report",
    },
  ],
  passes: [
    {
      it: "passes where the template has it too",
      edits: [
        ["Deployment user", 'metadata.labels["sidecar.istio.io/inject"]', "true"],
        ["Deployment user", 'spec.template.metadata.labels["sidecar.istio.io/inject"]', "true"],
      ],
    },
    { it: "passes a Deployment without labels", edits: [["Deployment user", "metadata.labels"]] },
  ],
  unknown: {
    edits: [["Deployment user", 'metadata.labels["sidecar.istio.io/inject"]', unknown]],
    on: "Deployment demo/user",
  },
});

specify(injectValueExact, {
  violations: [
    {
      it: "finds wrong case",
      edits: [["Deployment user", 'spec.template.metadata.labels["sidecar.istio.io/inject"]', "False"]],
      on: "Deployment demo/user",
    },
    {
      it: "finds a wrong annotation",
      edits: [["StatefulSet store", 'spec.template.metadata.annotations["sidecar.istio.io/inject"]', "yes"]],
      on: "StatefulSet demo/store",
    },
  ],
  passes: [
    {
      it: "passes true",
      edits: [["Deployment user", 'spec.template.metadata.labels["sidecar.istio.io/inject"]', "true"]],
    },
    { it: "passes pods without labels", edits: [["Deployment user", "spec.template.metadata"]] },
  ],
  unknown: {
    edits: [["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/inject"]', unknown]],
    on: "Deployment demo/user",
  },
});

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
      it: "finds an init container that goes on as a sidecar",
      edits: [
        [
          "CronJob report",
          "spec.jobTemplate.spec.template.spec.initContainers",
          [{ name: "proxy", image: "a:1", restartPolicy: "Always", securityContext: { runAsUser: 1337 } }],
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

specify(noProxyPorts, {
  violations: [
    {
      it: "finds a port of the proxy",
      edits: [["Deployment user", "spec.template.spec.containers[0].ports[0].containerPort", 15006]],
      on: "Deployment demo/user",
    },
    {
      it: "finds it in a StatefulSet",
      edits: [["StatefulSet store", "spec.template.spec.containers[0].ports[0].containerPort", 15090]],
      on: "StatefulSet demo/store",
    },
  ],
  passes: [
    {
      it: "passes such a port outside the mesh",
      edits: [
        ["Namespace demo", 'metadata.labels["istio-injection"]', "disabled"],
        ["Deployment user", "spec.template.spec.containers[0].ports[0].containerPort", 15006],
      ],
    },
    { it: "passes containers without ports", edits: [["Deployment user", "spec.template.spec.containers[0].ports"]] },
  ],
  unknown: {
    edits: [["Deployment user", "spec.template.spec.containers[0].ports[0].containerPort", unknown]],
    on: "Deployment demo/user",
  },
});

specify(namespaceMembershipExplicit, {
  violations: [
    {
      it: "finds a namespace that does not say",
      edits: [["Namespace tools", "metadata.labels"]],
      on: "Namespace tools",
      code: "IST0102",
    },
    {
      it: "finds one that is injected by default",
      edits: [
        ["Namespace tools", "metadata.labels"],
        ["Release istiod", "values.sidecarInjectorWebhook.enableNamespacesByDefault", true],
      ],
      on: "Namespace tools",
      code: "IST0148",
    },
  ],
  passes: [
    {
      it: "passes ambient mode",
      edits: [["Namespace tools", "metadata.labels", { "istio.io/dataplane-mode": "ambient" }]],
    },
  ],
  unknown: { edits: [["Namespace tools", 'metadata.labels["istio-injection"]', unknown]], on: "Namespace tools" },
});

specify(hostNetworkBypassesMesh, {
  violations: [
    {
      it: "finds pods on the node's network",
      edits: [["Deployment user", "spec.template.spec.hostNetwork", true]],
      on: "Deployment demo/user",
    },
  ],
  passes: [
    {
      it: "passes where it is said to be meant",
      edits: [
        ["Deployment user", "spec.template.spec.hostNetwork", true],
        ["Deployment user", 'spec.template.metadata.labels["sidecar.istio.io/inject"]', "false"],
      ],
    },
    {
      it: "passes outside the mesh",
      edits: [
        ["Namespace demo", "metadata.labels"],
        ["Deployment user", "spec.template.spec.hostNetwork", true],
      ],
    },
  ],
  unknown: { edits: [["Deployment user", "spec.template.spec.hostNetwork", unknown]], on: "Deployment demo/user" },
});

specify(jobNeedsNativeSidecar, {
  violations: [
    {
      it: "finds a Job where native sidecars are off",
      edits: [["Release istiod", "values.pilot.env.ENABLE_NATIVE_SIDECARS", "false"]],
      on: "Job demo/migrate",
    },
    {
      it: "finds a CronJob that switches them off for itself",
      edits: [
        [
          "CronJob report",
          'spec.jobTemplate.spec.template.metadata.annotations["sidecar.istio.io/nativeSidecar"]',
          "false",
        ],
      ],
      on: "CronJob demo/report",
    },
  ],
  passes: [
    {
      it: "passes a Job outside the mesh",
      edits: [
        ["Release istiod", "values.pilot.env.ENABLE_NATIVE_SIDECARS", "false"],
        ["Namespace demo", 'metadata.labels["istio-injection"]', "disabled"],
      ],
    },
  ],
  unknown: {
    edits: [["Job migrate", 'spec.template.metadata.annotations["sidecar.istio.io/nativeSidecar"]', unknown]],
    on: "Job demo/migrate",
  },
});

specify(psaRestrictedNeedsCni, {
  violations: [
    {
      it: "finds an injected namespace with the restricted standard",
      edits: [["Namespace demo", 'metadata.labels["pod-security.kubernetes.io/enforce"]', "restricted"]],
      on: "Namespace demo",
    },
  ],
  passes: [
    {
      it: "passes with Istio's CNI plugin",
      edits: [
        ["Namespace demo", 'metadata.labels["pod-security.kubernetes.io/enforce"]', "restricted"],
        ["+Release cni", "", { chart: "cni", name: "istio-cni", namespace: "istio-system" }],
      ],
    },
    { it: "passes a namespace without labels", edits: [["Namespace demo", "metadata.labels"]] },
  ],
  unknown: {
    edits: [["Namespace demo", 'metadata.labels["pod-security.kubernetes.io/enforce"]', unknown]],
    on: "Namespace demo",
  },
});

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

specify(proxyNotBypassed, {
  violations: [
    {
      it: "finds an interception mode that intercepts nothing",
      edits: [["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/interceptionMode"]', "NONE"]],
      on: "Deployment demo/user",
    },
    {
      it: "finds an empty list of templates",
      edits: [["Deployment user", 'spec.template.metadata.annotations["inject.istio.io/templates"]', ""]],
      on: "Deployment demo/user",
    },
    {
      it: "finds an application with the name of the proxy",
      edits: [["Deployment user", "spec.template.spec.containers[0].name", "istio-proxy"]],
      on: "Deployment demo/user",
    },
    {
      it: "finds a container that can change the redirection",
      edits: [
        [
          "Deployment user",
          "spec.template.spec.containers[0].securityContext",
          { capabilities: { add: ["NET_ADMIN"] } },
        ],
      ],
      on: "Deployment demo/user",
    },
  ],
  passes: [
    {
      it: "passes other modes and capabilities",
      edits: [
        ["Deployment user", 'spec.template.metadata.annotations["sidecar.istio.io/interceptionMode"]', "TPROXY"],
        ["Deployment user", "spec.template.spec.containers[0].securityContext", { capabilities: { drop: ["ALL"] } }],
      ],
    },
    {
      it: "passes a pod outside of the mesh",
      edits: [
        ["Namespace demo", 'metadata.labels["istio-injection"]', "disabled"],
        ["Deployment user", "spec.template.spec.containers[0].securityContext", { privileged: true }],
      ],
    },
  ],
  unknown: {
    edits: [["Deployment user", "spec.template.spec.containers[0].securityContext.privileged", unknown]],
    on: "Deployment demo/user",
  },
});

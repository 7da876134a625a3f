/** Which pods get a sidecar, and what lets traffic around it. */
import { ambientLabel, injectLabel, namespaceLabel, proxyName, revisionLabel } from "../mesh/names";
import { isIP } from "node:net";
import { proxyPorts } from "../../common/reserved";
import {
  asksForSidecars,
  type Cause,
  ignoredNamespaces,
  isIstioComponent,
  revisionInstalled,
  simulateInjection,
} from "../mesh/injection";
import { containersOf, isProxy, type Mesh, type Workload } from "../mesh/mesh";
import { keyed, type Resource } from "../mesh/resource";
import { matchesSelector } from "../mesh/selectors";
import { eachOf, eachWorkload, rule } from "../rule";

/** Whether the input means a namespace to be in the mesh: it installs Istio, or configures the mesh there. */
function intended(mesh: Mesh, namespace: string): boolean {
  const configured = mesh.once("namespaces with mesh configuration", () => {
    const shapes = [
      "PeerAuthentication",
      "AuthorizationPolicy",
      "Sidecar",
      "DestinationRule",
      "VirtualService",
    ] as const;
    return new Set(shapes.flatMap((shape) => mesh.of(shape).map((resource) => resource.namespace)));
  });
  return configured.has(namespace) || mesh.injectors.length > 0 || mesh.namespaces.some(asksForSidecars);
}

/** Reasons that the author of the manifest chose explicitly. */
const deliberate = new Set<Cause>(["namespace-opted-out", "ambient", "ignored-namespace", "host-network"]);

/** Whether the pods of a workload run to their end: those of Jobs, and of custom resources of that sort. */
function runsToItsEnd({ resource: { kind }, spec }: Workload): boolean {
  return (
    /(Job|Workflow|WorkflowTemplate|JobSet|TaskRun)$/.test(kind) ||
    ["Never", "OnFailure"].includes(spec.restartPolicy ?? "")
  );
}

export const workloadGetsSidecar = rule({
  name: "workload-gets-sidecar",
  description: "Every workload gets a sidecar, unless its namespace is kept out of the mesh.",
  rationale:
    "A pod without a proxy is reached and reaches others in plain text, no policy or route holds for it, and it has no " +
    "metrics, traces or access log. Nothing fails visibly: the pod runs with one container less.",
  fix: 'Label the namespace `istio-injection: enabled`, or the pod template `sidecar.istio.io/inject: "true"`.',
  codes: ["IST0103"],
  source: "setup/additional-setup/sidecar-injection/",
  config: {
    allowOptOut: {
      description: 'Whether pods may opt out with the label or annotation sidecar.istio.io/inject: "false".',
      default: false,
    },
  },
  check: eachWorkload((workload, { mesh, settings, config, report }) => {
    const { resource, namespace, prefix } = workload;
    if (isIstioComponent(workload) || namespace === mesh.rootNamespace) {
      return;
    }
    const { injected, cause, revision } = simulateInjection(mesh, workload, settings);
    if (injected === true || deliberate.has(cause)) {
      return;
    }
    const pod = keyed(`${prefix}metadata.labels`, injectLabel);
    const label = `Label the namespace with istio-injection: enabled, or the pod template with ${injectLabel}: "true".`;
    const declared = mesh.namespace(namespace);
    switch (cause) {
      case "namespace-undeclared":
        if (settings.closedWorld === true) {
          const message = `Its namespace ${namespace} is not declared, so nothing says that its pods get a sidecar.`;
          report(resource, { field: "metadata.namespace", message, fix: `Declare the namespace. ${label}` });
        }
        return;
      case "pod-opted-out":
        // An opt-out where nothing is injected anyway only says what is so.
        if (!config.allowOptOut && (declared === undefined || asksForSidecars(declared))) {
          report(resource, {
            field: pod,
            message: `Its pods opt out of injection with ${injectLabel}: "false", so they run without a sidecar.`,
            fix: `Remove the label, or name the workload in the exclusions.`,
            // Pods that run to their end are often kept out, for an ordinary sidecar would outlive them.
            certain: declared !== undefined && !runsToItsEnd(workload),
          });
        }
        return;
      case "revision-missing":
        report(resource, {
          field: "metadata.namespace",
          message: `Its pods ask for revision ${revision} of Istio, which is not installed: no webhook injects them.`,
          fix: `Install or tag the revision ${revision}, or ask for one that is installed.`,
        });
        return;
      case "never-inject":
      case "policy-disabled":
        report(resource, {
          field: pod,
          message:
            cause === "never-inject"
              ? "The injector's neverInjectSelector takes its pods, so they run without a sidecar."
              : "The injector's policy is disabled, so pods that do not ask run without a sidecar.",
          fix: `Label the pod template with ${injectLabel}: "true".`,
        });
        return;
      default: {
        const labels = declared?.labels ?? {};
        const is =
          cause === "namespace-label-invalid"
            ? `is labelled istio-injection: ${labels[namespaceLabel]}, which injects nothing`
            : "has no injection label";
        const ignored =
          workload.annotations[injectLabel] === "true"
            ? " (the annotation is read only where a label has the webhook called)"
            : "";
        report(resource, {
          field: cause === "namespace-label-invalid" || pod === "" ? "metadata.namespace" : pod,
          message: `Its namespace ${namespace} ${is}, and neither do its pods ask for a sidecar${ignored}: they run without one.`,
          fix: label,
          certain: intended(mesh, namespace) || ignored !== "",
        });
      }
    }
  }),
});

export const workloadDependsOnInjector = rule({
  name: "workload-depends-on-injector",
  description: "A workload that is to be injected depends on istiod and on its namespace.",
  rationale:
    "The injector changes pods as they are created. Pods that are created before it is ready run without a sidecar " +
    "until they are restarted, and on destroy the injector may go first and leave them stuck.",
  fix: "Give the workload `dependsOn: [istiod, namespace]`, or take its namespace's name from the namespace resource.",
  source: "ops/common-problems/injection/",
  check({ mesh, settings, each, report }) {
    const injectorUrns = mesh.injectors.flatMap(({ urn }) => urn ?? []);
    if (!mesh.ordered || injectorUrns.length === 0) {
      return;
    }
    const reached = new Map<string, Set<string>>();
    /** What a resource waits for, directly or through others. */
    const waitsFor = (urns: readonly string[]): Set<string> => {
      const all = new Set<string>();
      for (const urn of urns) {
        if (!all.has(urn)) {
          all.add(urn);
          const known = reached.get(urn) ?? waitsFor(mesh.byUrn(urn)?.dependencies ?? []);
          reached.set(urn, known);
          known.forEach((one) => all.add(one));
        }
      }
      return all;
    };
    each(mesh.workloads, (workload) => {
      const { resource, namespace } = workload;
      if (resource.urn === undefined || simulateInjection(mesh, workload, settings).cause !== "injected") {
        return;
      }
      const all = waitsFor(resource.dependencies);
      if (!injectorUrns.some((urn) => all.has(urn))) {
        report(resource, {
          field: "metadata",
          message:
            "It does not depend on istiod, so its pods may start before the injector and stay without a sidecar.",
          fix: "Add the release of istiod to its dependsOn.",
        });
      }
      const declared = mesh.namespace(namespace);
      if (declared?.urn !== undefined && !all.has(declared.urn)) {
        report(resource, {
          field: "metadata.namespace",
          message: `It does not depend on its namespace ${namespace}, so it may be created before its injection label.`,
          fix: "Take the namespace's name from the namespace resource, or add it to its dependsOn.",
        });
      }
    });
  },
});

export const injectionLabelValid = rule({
  name: "injection-label-valid",
  description: "The namespace label istio-injection is `enabled` or `disabled`.",
  rationale:
    'The webhook compares the value exactly. `istio-injection: "true"` or `Enabled` reads as if it switched injection ' +
    "on, but switches it off, and it keeps an istio.io/rev label from working too.",
  fix: "Write `istio-injection: enabled`.",
  source: "setup/additional-setup/sidecar-injection/",
  check: eachOf("Namespace", (namespace, { report }) => {
    const value = namespace.labels[namespaceLabel];
    if (value !== undefined && value !== "enabled" && value !== "disabled") {
      report(namespace, {
        field: keyed("metadata.labels", namespaceLabel),
        message: `The label ${namespaceLabel}: ${JSON.stringify(value)} switches injection off: only "enabled" switches it on.`,
        fix: 'Write "enabled", or "disabled" if that is meant.',
      });
    }
  }),
});

export const injectionLabelsExclusive = rule({
  name: "injection-labels-exclusive",
  description: "A namespace carries one of istio-injection, istio.io/rev and istio.io/dataplane-mode.",
  rationale:
    "With more than one, istio-injection wins without a word: the other revision or ambient mode never happens.",
  fix: "Keep the label that is meant and remove the others.",
  codes: ["IST0123"],
  check: eachOf("Namespace", (namespace, { mesh, report }) => {
    const { labels } = namespace;
    const injection = labels[namespaceLabel];
    if (namespace.name === mesh.rootNamespace) {
      return;
    }
    // A namespace that is kept out of injection may well be in ambient mode or name a revision for its gateways.
    const others = [revisionLabel, ambientLabel].filter(
      (label) => labels[label] !== undefined && (injection === undefined || injection === "enabled"),
    );
    const all = [...(injection === undefined ? [] : [namespaceLabel]), ...others];
    if (all.length > 1) {
      report(namespace, {
        field: "metadata.labels",
        message: `It is labelled ${all.map((label) => `${label}=${labels[label]}`).join(" and ")}, which contradict each other.`,
        fix: `Keep one of ${all.join(", ")}.`,
      });
    }
  }),
});

export const revisionExists = rule({
  name: "revision-exists",
  description: "A revision of Istio that a namespace or a pod asks for is installed or tagged.",
  rationale: "A revision that is not installed has no webhook: pods start without a sidecar, and there is no warning.",
  fix: "Install the revision, tag an installed one with that name, or add it to the setting `revisions`.",
  codes: ["KIA1316"],
  source: "setup/upgrade/canary/",
  check({ mesh, settings, each, report }) {
    const installed = [
      ...mesh.injectors.flatMap(({ revision, tags }) => [revision, ...tags]),
      ...settings.revisions,
    ].join(", ");
    const fix = `Use one of those that are installed (${installed}), or add it to the setting revisions.`;
    each(mesh.namespaces, (namespace) => {
      const { labels } = namespace;
      const enabled = labels[namespaceLabel];
      const revision = enabled === "enabled" ? "default" : enabled === undefined ? labels[revisionLabel] : undefined;
      if (revision !== undefined && revisionInstalled(mesh, revision, settings) === false) {
        report(namespace, {
          field: keyed("metadata.labels", enabled === undefined ? revisionLabel : namespaceLabel),
          message: `It asks for ${enabled === undefined ? `revision ${revision}` : "the default revision"} of Istio, which is not installed.`,
          fix,
        });
      }
    });
    each(mesh.workloads, ({ resource, labels, prefix, namespace }) => {
      const revision = labels[revisionLabel];
      const declared = mesh.namespace(namespace)?.labels ?? {};
      const decides = declared[namespaceLabel] === undefined && declared[revisionLabel] === undefined;
      if (
        revision !== undefined &&
        decides &&
        labels[injectLabel] !== "false" &&
        revisionInstalled(mesh, revision, settings) === false
      ) {
        report(resource, {
          field: keyed(`${prefix}metadata.labels`, revisionLabel),
          message: `Its pods ask for revision ${revision} of Istio, which is not installed.`,
          fix,
        });
      }
    });
  },
});

export const injectLabelOnTemplate = rule({
  name: "inject-label-on-template",
  description: "The labels that steer injection stand on the pod template, not on the workload.",
  rationale: "The injector sees pods only. The same label on a Deployment is a decoration.",
  fix: "Move the label to `spec.template.metadata.labels`.",
  source: "setup/additional-setup/sidecar-injection/",
  check: eachWorkload(({ resource, prefix, labels, annotations }, { report }) => {
    if (prefix === "") {
      return;
    }
    for (const label of [injectLabel, revisionLabel]) {
      const value = resource.labels[label];
      // Pods that say themselves whether they are injected need no second word: Istio's charts label their workloads
      // so.
      const said = label === revisionLabel && (labels[injectLabel] ?? annotations[injectLabel]) !== undefined;
      if (value !== undefined && labels[label] === undefined && annotations[label] === undefined && !said) {
        report(resource, {
          field: keyed("metadata.labels", label),
          message: `The label ${label}: ${JSON.stringify(value)} stands on the ${resource.kind}, where the injector does not see it.`,
          fix: `Move it to ${prefix}metadata.labels.`,
        });
      }
    }
  }),
});

export const injectValueExact = rule({
  name: "inject-value-exact",
  description: 'The label or annotation sidecar.istio.io/inject is exactly "true" or "false".',
  rationale:
    'Any other value counts as none. A pod that says `inject: "False"` in an enabled namespace gets its sidecar all the ' +
    'same, and one that says `"yes"` elsewhere gets none.',
  fix: 'Write "true" or "false", in quotes and lower case.',
  source: "setup/additional-setup/sidecar-injection/",
  check: eachWorkload(({ resource, prefix, labels, annotations }, { report }) => {
    for (const [where, map] of [
      ["labels", labels],
      ["annotations", annotations],
    ] as const) {
      const value = map[injectLabel];
      if (value !== undefined && value !== "true" && value !== "false") {
        report(resource, {
          field: keyed(`${prefix}metadata.${where}`, injectLabel),
          message: `${injectLabel} is ${JSON.stringify(value)}, which the injector takes for no answer.`,
          fix: `Write "${/^(1|y|yes|on|t|true|enabled?)$/i.test(value) ? "true" : "false"}".`,
        });
      }
    }
  }),
});

export const imageAutoInjected = rule({
  name: "image-auto-injected",
  description: "A proxy container with `image: auto` stands only where the injector fills in the image.",
  rationale: "`auto` is no image. Where nothing injects the pod, it never starts: the image cannot be pulled.",
  fix: "Have the pod injected, or name the proxy's image.",
  codes: ["IST0146", "IST0147"],
  check: eachWorkload((workload, { mesh, settings, missing, report }) => {
    for (const { container, field } of containersOf(workload)) {
      if (container.image !== "auto" || container.name !== proxyName) {
        continue;
      }
      const { resource } = workload;
      const { injected } = simulateInjection(mesh, workload, settings);
      const bare = resource.shape === "Pod";
      const finding = {
        field: `${field}.image`,
        message: `The container ${container.name} has the image auto, but nothing injects ${bare ? "the pod" : "its pods"}.`,
        fix: 'Label the pods with sidecar.istio.io/inject: "true" in a namespace that allows it, or name an image.',
        code: bare ? "IST0147" : "IST0146",
      };
      if (injected === false) {
        report(resource, finding);
      } else if (injected === undefined) {
        missing(false, resource, finding);
      } else if (bare) {
        // A Pod that was read back from a cluster is as it runs: had it been injected, the image would be filled in.
        const message = "A bare Pod with the image auto starts only if it is injected at the moment it is created.";
        report(resource, { ...finding, message, fix: "Use a Deployment for the gateway.", certain: false });
      }
    }
  }),
});

const proxyId = 1337;

export const noProxyUid = rule({
  name: "no-proxy-uid",
  description: "No container runs with user or group 1337, which is the sidecar's.",
  rationale:
    "Traffic of user and group 1337 is not redirected to the sidecar, for it would loop. An application that runs as " +
    "1337 passes the mesh by: no mutual TLS, no policy, no telemetry.",
  fix: "Run the container as any other user and group.",
  codes: ["IST0144"],
  check: eachWorkload((workload, { report }) => {
    const { resource, spec, prefix } = workload;
    if (isIstioComponent(workload)) {
      return;
    }
    // Init containers run before the proxy: as 1337 they have network where traffic is already redirected. Those that
    // go on beside the application are sidecars.
    const all = containersOf(workload).filter(
      ({ container, init }) => container.name !== proxyName && (!init || container.restartPolicy === "Always"),
    );
    const contexts = all.map(({ container, field }) => ({
      context: container.securityContext,
      field: `${field}.securityContext`,
    }));
    for (const { context, field } of [
      { context: spec.securityContext, field: `${prefix}spec.securityContext` },
      ...contexts,
    ]) {
      for (const key of ["runAsUser", "runAsGroup"] as const) {
        const overridden =
          context === spec.securityContext &&
          all.every(({ container }) => container.securityContext?.[key] !== undefined);
        if (context?.[key] === proxyId && !overridden) {
          report(resource, {
            field: `${field}.${key}`,
            message: `${key} is ${proxyId}, the sidecar's: what runs with it passes the mesh by.`,
            fix: "Choose another id.",
          });
        }
      }
    }
  }),
});

export const noProxyPorts = rule({
  name: "no-proxy-ports",
  description: "No application container listens on a port of the sidecar (15000 to 15090).",
  rationale: "Two processes of a pod cannot listen on one port: either the application or the sidecar fails to start.",
  fix: "Have the application listen on another port.",
  source: "ops/deployment/application-requirements/",
  check: eachWorkload((workload, { mesh, settings, report }) => {
    const { resource } = workload;
    if (isIstioComponent(workload)) {
      return;
    }
    for (const { container, field } of containersOf(workload)) {
      container.ports?.forEach(({ containerPort }, i) => {
        const taken = containerPort !== undefined && proxyPorts.includes(containerPort);
        if (taken && container.name !== proxyName && simulateInjection(mesh, workload, settings).injected !== false) {
          report(resource, {
            field: `${field}.ports[${i}].containerPort`,
            message: `The container ${container.name} listens on port ${containerPort}, which the sidecar needs.`,
            fix: "Use a port outside 15000 to 15090.",
          });
        }
      });
    }
  }),
});

export const namespaceMembershipExplicit = rule({
  name: "namespace-membership-explicit",
  description: "A namespace says whether it is in the mesh, by istio-injection or istio.io/rev.",
  rationale:
    "A namespace that says neither is out of the mesh by default. It looks the same as a namespace that was forgotten.",
  fix: "Label it `istio-injection: enabled`, or `istio-injection: disabled` where that is meant.",
  level: "advisory",
  codes: ["IST0102", "IST0148"],
  check({ mesh, each, report }) {
    const byDefault = mesh.injectors.some(({ enableNamespacesByDefault }) => enableNamespacesByDefault);
    each(mesh.namespaces, (namespace) => {
      const { labels, name } = namespace;
      const says = [namespaceLabel, revisionLabel].some((label) => labels[label]) || labels[ambientLabel] === "ambient";
      // Pods may ask for injection one by one.
      const workloads = mesh.selectedBy(undefined, name);
      const oneByOne =
        workloads.length > 0 &&
        workloads.every(({ labels: pod }) => [injectLabel, revisionLabel, ambientLabel].some((label) => pod[label]));
      if (says || oneByOne || name === mesh.rootNamespace || ignoredNamespaces.includes(name)) {
        return;
      }
      report(namespace, {
        field: "metadata.labels",
        message: byDefault
          ? "It says nothing of injection, and Istio is installed to inject such namespaces."
          : "It says nothing of injection, so its pods run outside the mesh.",
        fix: "Label it istio-injection: enabled, or disabled if that is meant.",
        code: byDefault ? "IST0148" : "IST0102",
      });
    });
  },
});

export const hostNetworkBypassesMesh = rule({
  name: "host-network-bypasses-mesh",
  description: "A workload in a namespace of the mesh does not use the node's network.",
  rationale: "The injector leaves pods with hostNetwork alone: redirecting their traffic would redirect the node's.",
  fix: 'Give the pod its own network, or state the exception with `sidecar.istio.io/inject: "false"`.',
  level: "advisory",
  source: "setup/additional-setup/sidecar-injection/",
  check: eachWorkload(({ resource, spec, namespace, labels, prefix }, { mesh, report }) => {
    const declared = mesh.namespace(namespace);
    const wanted = declared === undefined ? labels[injectLabel] === "true" : asksForSidecars(declared);
    if (
      spec.hostNetwork === true &&
      wanted &&
      labels[injectLabel] !== "false" &&
      !ignoredNamespaces.includes(namespace)
    ) {
      report(resource, {
        field: `${prefix}spec.hostNetwork`,
        message: "Its pods use the node's network, so they are never injected and their traffic passes the mesh by.",
        fix: `Remove hostNetwork, or label the pods with ${injectLabel}: "false" to say that it is meant.`,
      });
    }
  }),
});

export const jobNeedsNativeSidecar = rule({
  name: "job-needs-native-sidecar",
  description: "A Job or CronJob that is injected gets its sidecar as a native sidecar container.",
  rationale: "A sidecar that is an ordinary container keeps running when the job is done: the pod never completes.",
  fix: "Leave native sidecars on (ENABLE_NATIVE_SIDECARS), or keep the job out of the mesh.",
  level: "advisory",
  source: "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/",
  check: eachWorkload((workload, { mesh, settings, report }) => {
    const { resource, annotations, prefix } = workload;
    if (resource.kind !== "Job" && resource.kind !== "CronJob") {
      return;
    }
    const { cause, revision } = simulateInjection(mesh, workload, settings);
    const injector = mesh.injectors.find((one) => one.revision === revision || one.tags.includes(revision ?? ""));
    const own = annotations["sidecar.istio.io/nativeSidecar"];
    const native = own === undefined ? injector?.nativeSidecars : own === "true";
    // A job that ends its proxy itself, by the agent's endpoint, completes all the same.
    const quits = /quitquitquit|pilot-agent request/.test(JSON.stringify(workload.spec));
    if (cause === "injected" && native !== true && !quits) {
      report(resource, {
        field:
          own === undefined ? `${prefix}metadata` : `${prefix}metadata.annotations["sidecar.istio.io/nativeSidecar"]`,
        message:
          native === undefined
            ? "Unless istiod injects native sidecars, the proxy outlives the job and its pods never complete."
            : "Its sidecar is an ordinary container, which keeps running after the job is done: its pods never complete.",
        fix: 'Set the annotation sidecar.istio.io/nativeSidecar: "true" on the pod template, or keep the pods out of the mesh with sidecar.istio.io/inject: "false".',
      });
    }
  }),
});

const label = "pod-security.kubernetes.io/enforce";

export const psaRestrictedNeedsCni = rule({
  name: "psa-restricted-needs-cni",
  description: "A namespace that enforces the baseline or restricted standard and is injected has Istio's CNI plugin.",
  rationale:
    "Without the plugin each pod gets an init container with NET_ADMIN, which these standards refuse: no pod starts.",
  fix: "Install Istio's cni chart and set `pilot.cni.enabled` for istiod.",
  level: "advisory",
  source: "setup/additional-setup/cni/",
  check({ mesh, each, report }) {
    if (mesh.cni || mesh.injectors.length === 0) {
      return;
    }
    each(mesh.namespaces, (namespace) => {
      const standard = namespace.labels[label];
      if ((standard === "restricted" || standard === "baseline") && asksForSidecars(namespace)) {
        report(namespace, {
          field: keyed("metadata.labels", label),
          message: `It enforces the ${standard} standard, which refuses the init container that sets up each sidecar.`,
          fix: "Install Istio's CNI plugin, which needs no such container.",
        });
      }
    });
  },
});

function revisionsOf(configuration: Resource<"Webhooks">): string[] {
  const own = configuration.labels[revisionLabel];
  const selected = (configuration.fields.webhooks ?? []).flatMap(({ namespaceSelector, objectSelector }) =>
    [namespaceSelector, objectSelector].flatMap((selector) => [
      selector?.matchLabels?.[revisionLabel] ?? [],
      (selector?.matchExpressions ?? [])
        .filter(({ key }) => key === revisionLabel)
        .flatMap(({ values = [] }) => values),
    ]),
  );
  return [own ?? [], ...selected].flat();
}

/** Each combination of a base label and a revision that a namespace or a pod may carry. */
function combinations(label: string, values: string[], revisions: string[]): Record<string, string>[] {
  const base = [{}, ...values.map((value) => ({ [label]: value }))];
  return [...base, ...revisions.flatMap((one) => base.map((labels) => ({ ...labels, [revisionLabel]: one })))];
}

export const injectorWebhookValid = rule({
  name: "injector-webhook-valid",
  description: "No pod is taken by two injection webhooks, and each webhook's Service is declared.",
  rationale: "A pod that is injected twice does not start, and a webhook without its Service lets no pod be created.",
  fix: "Make the selectors exclude each other, and install the control plane that the webhook names.",
  codes: ["IST0139"],
  check({ mesh, each, report, missing }) {
    const hooks: {
      configuration: Resource<"Webhooks">;
      hook: NonNullable<Resource<"Webhooks">["fields"]["webhooks"]>[number];
      field: string;
    }[] = [];
    const revisions = new Set<string>();
    each(mesh.of("Webhooks"), (configuration) => {
      const list = configuration.fields.webhooks ?? [];
      const own = revisionsOf(configuration);
      if (
        configuration.kind === "MutatingWebhookConfiguration" &&
        (own.length > 0 || list.some(({ name }) => name?.endsWith("istio.io")))
      ) {
        own.forEach((one) => revisions.add(one));
        list.forEach((hook, i) => hooks.push({ configuration, hook, field: `webhooks[${i}]` }));
      }
    });
    const namespaces = combinations(namespaceLabel, ["enabled", "disabled"], [...revisions]);
    const pods = combinations(injectLabel, ["true", "false"], [...revisions]);
    for (const namespace of namespaces) {
      for (const pod of pods) {
        const taking = hooks.filter(
          ({ hook }) => matchesSelector(hook.namespaceSelector, namespace) && matchesSelector(hook.objectSelector, pod),
        );
        for (const { configuration, field } of taking.length > 1 ? taking : []) {
          const others = taking.filter((other) => other.configuration !== configuration || other.field !== field);
          report(configuration, {
            field,
            message: `It takes pods that ${[...new Set(others.map((other) => other.configuration.name))].join(", ")} takes as well: they are injected twice.`,
            fix: "Make their selectors exclude each other.",
          });
        }
      }
    }
    each(
      hooks.map(({ configuration }) => configuration),
      (configuration) => {
        configuration.fields.webhooks?.forEach(({ clientConfig }, i) => {
          const { name = "", namespace = "" } = clientConfig?.service ?? {};
          if (clientConfig?.service !== undefined && mesh.find("Service", "", namespace, name) === undefined) {
            missing(mesh.services.length > 0, configuration, {
              field: `webhooks[${i}].clientConfig.service`,
              message: `Its Service ${namespace}/${name} is not declared.`,
              fix: "Install the control plane, or correct the reference.",
            });
          }
        });
      },
    );
  },
});

export const controlPlaneAddress = rule({
  name: "control-plane-address",
  description: "A webhook of Istio that calls an external control plane has an address, and it is a host name.",
  rationale: "Without an address no pod can be injected; an IP address changes with the load balancer behind it.",
  fix: "Set `clientConfig.url` to the host name of the external control plane.",
  codes: ["IST0163", "IST0164"],
  check: eachOf("Webhooks", (configuration, { report }) => {
    const { name, kind } = configuration;
    const own =
      kind === "MutatingWebhookConfiguration"
        ? name.startsWith("istio-sidecar-injector")
        : name === "istiod-default-validator" || name.startsWith("istio-validator");
    if (!own) {
      return;
    }
    configuration.fields.webhooks?.forEach(({ clientConfig = {} }, i) => {
      const { url, service } = clientConfig;
      const field = `webhooks[${i}].clientConfig`;
      const host = url !== undefined && URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, "") : undefined;
      if (url === undefined ? service === undefined : host === undefined) {
        report(configuration, {
          field,
          message: url === undefined ? "It names neither a URL nor a Service." : `Its URL ${url} is none.`,
          fix: "Set the URL of the control plane.",
        });
      } else if (host !== undefined && isIP(host) !== 0) {
        report(configuration, {
          field: `${field}.url`,
          message: `Its URL names the IP address ${host}, which changes with the load balancer.`,
          fix: "Use a host name.",
          code: "IST0164",
          certain: false,
        });
      }
    });
  }),
});

/** Annotations that take traffic away from the proxy, and the values with which they do. */
const bypasses: Readonly<Record<string, { value: RegExp; effect: string; fix: string }>> = {
  "sidecar.istio.io/interceptionMode": {
    value: /^NONE$/,
    effect: "no traffic of the pod is redirected to its proxy",
    fix: "Remove it, or write REDIRECT.",
  },
  "inject.istio.io/templates": {
    value: /^[\s,]*$/,
    effect: "no template is applied, and the pod gets no proxy",
    fix: 'Remove it, or write "sidecar".',
  },
  "traffic.sidecar.istio.io/includeInboundPorts": {
    value: /^\s*$/,
    effect: "no inbound traffic is redirected to the proxy, and no policy holds for it",
    fix: 'Remove it, or write "*".',
  },
  "traffic.sidecar.istio.io/includeOutboundIPRanges": {
    value: /^\s*$/,
    effect: "no outbound traffic is redirected to the proxy",
    fix: 'Remove it, or write "*".',
  },
  "traffic.sidecar.istio.io/excludeOutboundIPRanges": {
    value: /(^|[\s,])(0\.0\.0\.0|::)\/0/,
    effect: "no outbound traffic is redirected to the proxy",
    fix: "Exclude the ranges that have to be.",
  },
};

export const proxyNotBypassed = rule({
  name: "proxy-not-bypassed",
  description: "No annotation, name or capability of a pod in the mesh lets its traffic pass its proxy by.",
  rationale:
    "The pod has a sidecar and looks protected, but its traffic is not redirected, or its application can change the " +
    "redirection: what passes the proxy by has no mutual TLS, no policy and no telemetry.",
  fix: "Remove the annotation, rename the container, or drop the capability.",
  level: "advisory",
  source: "setup/additional-setup/sidecar-injection/",
  check: eachWorkload((workload, { mesh, settings, report }) => {
    const { resource, annotations: own, prefix } = workload;
    if (isIstioComponent(workload) || simulateInjection(mesh, workload, settings).injected !== true) {
      return;
    }
    for (const [name, { value, effect, fix }] of Object.entries(bypasses)) {
      const is = own[name];
      if (is !== undefined && value.test(is)) {
        report(resource, {
          field: keyed(`${prefix}metadata.annotations`, name),
          message: `${name} is ${JSON.stringify(is)}: ${effect}.`,
          fix,
        });
      }
    }
    for (const { container, field } of containersOf(workload)) {
      if (container.name === proxyName && !isProxy(container)) {
        report(resource, {
          field: `${field}.name`,
          message: "A container of the application has the name istio-proxy, so the injector takes it for the proxy.",
          fix: "Give the container another name.",
        });
        continue;
      }
      const { privileged, capabilities } = container.securityContext ?? {};
      const admin = capabilities?.add?.find((one) => /^(CAP_)?(NET_ADMIN|SYS_ADMIN|ALL)$/i.test(one));
      if (container.name !== proxyName && (privileged === true || admin !== undefined)) {
        report(resource, {
          field: `${field}.securityContext`,
          message: `The container ${container.name} is ${privileged === true ? "privileged" : `given ${admin}`}: it can change the rules that redirect traffic to the proxy.`,
          fix: "Drop the privilege, or keep the pod out of the mesh.",
        });
      }
    }
  }),
});

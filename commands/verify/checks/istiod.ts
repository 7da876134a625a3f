import type { LiveObject } from "../../../cluster/kubeClient";
import type { Check, Outcome } from "../check";
import { fail, pass } from "../check";
import { containersOf, nameOf, tagOf } from "../objects";
import { troubleOfWorkload } from "../workloads";

interface Webhook {
  clientConfig?: { caBundle?: string };
}

/** Name of istiod's Deployment. */
function istiodName(revision?: string): string {
  return revision ? `istiod-${revision}` : "istiod";
}

/** Is the control plane ready, and of the declared version? */
export const istiod: Check = {
  name: "istiod",
  description: "control plane ready, of the declared version",
  needs: [],
  async run({ cluster, declared }) {
    const { system } = declared.namespaces;
    const name = istiodName(declared.revision);
    const next = `${cluster.kubectl} -n ${system} describe deployment ${name}`;
    const trouble = await troubleOfWorkload(cluster, "Deployment", system, name);
    if (trouble) {
      return fail(
        trouble,
        `the control plane is down: ${trouble}. Proxies go on with what they know; no change reaches them, no pod gets a sidecar`,
        next,
      );
    }
    const deployment = await cluster.find("apps/v1", "Deployment", system, name);
    const template = (deployment?.spec as { template: LiveObject }).template;
    const tag = tagOf(containersOf(template).find((container) => container.name === "discovery")?.image);
    return tag === declared.istioTag
      ? pass(`${name} ${tag} is ready`)
      : fail(`${name} is ${tag}`, `the stack declares Istio ${declared.istioTag}; run npm start -- --refresh`, next);
  },
};

/** @returns whether the webhook that injects sidecars is there, and knows whom to trust. */
export function judgeInjector(webhooks: readonly LiveObject[], kubectl: string): Outcome {
  const injectors = webhooks.filter(({ metadata }) => metadata?.labels?.app === "sidecar-injector");
  const next = `${kubectl} get mutatingwebhookconfigurations -l app=sidecar-injector`;
  if (injectors.length === 0) {
    return fail(
      "no MutatingWebhookConfiguration with the label app=sidecar-injector",
      "the injector's MutatingWebhookConfiguration is gone: new pods start without a sidecar; run npm start -- --refresh",
      next,
    );
  }
  const untrusting = injectors.find((one) =>
    ((one as { webhooks?: Webhook[] }).webhooks ?? []).some(({ clientConfig }) => !clientConfig?.caBundle),
  );
  return untrusting
    ? fail(
        `${nameOf(untrusting)} has no caBundle`,
        `MutatingWebhookConfiguration ${nameOf(untrusting)} has no caBundle, which istiod writes: the API server can't call the injector`,
        next,
      )
    : pass(injectors.map(nameOf).join(", "));
}

/** Will new pods get a sidecar? */
export const injector: Check = {
  name: "injector",
  description: "webhook that injects sidecars",
  needs: ["istiod"],
  run: async ({ cluster }) =>
    judgeInjector(
      await cluster.list("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"),
      cluster.kubectl,
    ),
};

import type { Resource } from "../mesh/resource";
import { matchesSelector } from "../mesh/selectors";
import { rule } from "../rule";
import { analysis } from "../sources";

const revision = "istio.io/rev";

function revisionsOf(configuration: Resource<"Webhooks">): string[] {
  const own = configuration.labels[revision];
  const selected = (configuration.fields.webhooks ?? []).flatMap(({ namespaceSelector, objectSelector }) =>
    [namespaceSelector, objectSelector].flatMap((selector) => [
      selector?.matchLabels?.[revision] ?? [],
      (selector?.matchExpressions ?? []).filter(({ key }) => key === revision).flatMap(({ values = [] }) => values),
    ]),
  );
  return [own ?? [], ...selected].flat();
}

/** Each combination of a base label and a revision that a namespace or a pod may carry. */
function combinations(label: string, values: string[], revisions: string[]): Record<string, string>[] {
  const base = [{}, ...values.map((value) => ({ [label]: value }))];
  return [...base, ...revisions.flatMap((one) => base.map((labels) => ({ ...labels, [revision]: one })))];
}

/** Pods are injected once, by an injector that is there. */
export const injectorWebhookValid = rule({
  name: "injector-webhook-valid",
  description: "No pod is taken by two injection webhooks, and each webhook's Service is declared.",
  rationale: "A pod that is injected twice does not start, and a webhook without its Service lets no pod be created.",
  fix: "Make the selectors exclude each other, and install the control plane that the webhook names.",
  level: "mandatory",
  codes: ["IST0139"],
  source: analysis("IST0139"),
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
    const namespaces = combinations("istio-injection", ["enabled", "disabled"], [...revisions]);
    const pods = combinations("sidecar.istio.io/inject", ["true", "false"], [...revisions]);
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

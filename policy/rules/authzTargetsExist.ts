import { fqdn, serviceOf } from "../mesh/hosts";
import { simulateInjection } from "../mesh/injection";
import { isEmpty, matchesGlob, selectorText } from "../mesh/selectors";
import { rule } from "../rule";
import { analysis } from "../sources";

const principal = /^(?:spiffe:\/\/)?[^/*]+\/ns\/([^/*]+)\/sa\/([^/*]+)$/;

/** Authorization policies are for things that are there. */
export const authzTargetsExist = rule({
  name: "authz-targets-exist",
  description: "An AuthorizationPolicy's selector, namespaces, hosts and principals name things that are declared.",
  rationale:
    "A policy that selects nothing protects nothing, and a rule that allows a caller of a misspelt name allows nobody.",
  fix: "Correct the name, or declare what it refers to.",
  level: "mandatory",
  codes: ["IST0127", "IST0101", "KIA0101", "KIA0104", "KIA0106"],
  source: analysis("IST0127"),
  check({ mesh, settings, each, missing }) {
    const real = mesh.workloads.filter(({ assumed }) => !assumed);
    const accounts = mesh.of("ServiceAccount");
    const hosts = mesh.services.length + mesh.serviceEntries.length > 0;
    each(mesh.of("AuthorizationPolicy"), (policy) => {
      const { selector, targetRef, targetRefs, rules = [] } = policy.fields.spec ?? {};
      const { namespace } = policy;
      const labels = selector?.matchLabels;
      const wide = namespace === mesh.rootNamespace;
      if (
        targetRef === undefined &&
        targetRefs === undefined &&
        !(wide && isEmpty(labels)) &&
        !mesh.isOpaque(namespace)
      ) {
        // In a namespace that is not declared beside others that are, a pod is in the mesh or not: nothing says which.
        let undecided = false;
        const targets = mesh.selectedBy(labels, wide ? undefined : namespace).filter((workload) => {
          const { injected, cause } = simulateInjection(mesh, workload, settings);
          const beyond = workload.assumed || workload.resource.installedBy !== undefined || cause === "ambient";
          const unlabelled = injected === undefined && mesh.namespaces.length > 0;
          undecided ||= unlabelled;
          return beyond || (injected !== false && !unlabelled);
        });
        if (targets.length === 0) {
          const which = isEmpty(labels) ? "" : ` with the labels ${selectorText(labels)}`;
          missing(real.length > 0 && !undecided, policy, {
            field: isEmpty(labels) ? "metadata.namespace" : "spec.selector.matchLabels",
            message: `No workload of the mesh${which} is in ${wide ? "any namespace" : `namespace ${namespace}`}, so the policy protects nothing.`,
            fix: "Correct the labels or the namespace.",
          });
        }
      }
      rules.forEach(({ from = [], to = [] }, i) => {
        from.forEach(({ source = {} }, j) => {
          for (const key of ["namespaces", "notNamespaces"] as const) {
            source[key]?.forEach((name, k) => {
              const known =
                name === "*" || mesh.namespaces.some((one) => matchesGlob(name.toLowerCase(), one.name.toLowerCase()));
              if (!known) {
                missing(mesh.namespaces.length > 0, policy, {
                  field: `spec.rules[${i}].from[${j}].source.${key}[${k}]`,
                  message: `The rule names namespace ${name}, which is not declared.`,
                  fix: "Correct the name, or declare the namespace.",
                  code: "IST0101",
                });
              }
            });
          }
          for (const key of ["principals", "notPrincipals"] as const) {
            source[key]?.forEach((name, k) => {
              const [, of = "", account = ""] = principal.exec(name) ?? [];
              const installed = mesh.workloads.some(
                (one) => one.namespace === of && (one.assumed || one.resource.installedBy !== undefined),
              );
              const declared =
                account === "" ||
                account === "default" ||
                installed ||
                mesh.isOpaque(of) ||
                mesh.find("ServiceAccount", "", of, account) !== undefined;
              if (!declared) {
                missing(accounts.length > 0, policy, {
                  field: `spec.rules[${i}].from[${j}].source.${key}[${k}]`,
                  message: `The rule names the service account ${of}/${account}, which is not declared.`,
                  fix: "Correct the principal (trust domain/ns/namespace/sa/account), or declare the account.",
                  code: "KIA0106",
                });
              }
            });
          }
        });
        to.forEach(({ operation = {} }, j) => {
          for (const key of ["hosts", "notHosts"] as const) {
            operation[key]?.forEach((host, k) => {
              const plain = host.replace(/:\d+$/, "");
              // Only names of the cluster can be told to be missing: what clients call from outside is not declared.
              const service = serviceOf(fqdn(plain, namespace));
              if (
                service !== undefined &&
                plain !== "" &&
                !plain.includes("*") &&
                mesh.host(plain, namespace) === undefined
              ) {
                missing(hosts, policy, {
                  field: `spec.rules[${i}].to[${j}].operation.${key}[${k}]`,
                  message: `The rule names the host ${host}, which no Service or ServiceEntry declares.`,
                  fix: "Correct the host.",
                  code: "KIA0104",
                });
              }
            });
          }
        });
      });
    });
  },
});

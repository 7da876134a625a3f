import { containersOf } from "../mesh/mesh";
import { rule } from "../rule";
import { analysis } from "../sources";

/** Istiod does not fetch keys from wherever a policy says. */
export const jwksUriRestricted = rule({
  name: "jwks-uri-restricted",
  description: "Where there are RequestAuthentications, istiod has BLOCKED_CIDRS_IN_JWKS_URIS set.",
  rationale: "Whoever may write a RequestAuthentication can otherwise have istiod call any address of the network.",
  fix: "Set the environment variable of istiod to the ranges that it must not call.",
  level: "mandatory",
  codes: ["IST0175"],
  source: analysis("IST0175"),
  check({ mesh, each, report }) {
    const users = mesh.of("RequestAuthentication").length;
    each(mesh.workloads, (workload) => {
      const { resource } = workload;
      if (users === 0 || resource.kind !== "Deployment" || resource.labels["app"] !== "istiod") {
        return;
      }
      const set = containersOf(workload).some(({ container }) =>
        container.env?.some(
          ({ name, value }) => name === "BLOCKED_CIDRS_IN_JWKS_URIS" && value !== undefined && value !== "",
        ),
      );
      if (!set) {
        report(resource, {
          field: "spec.template.spec.containers",
          message: `It may fetch keys from any address that one of ${users} RequestAuthentications names.`,
          fix: "Set BLOCKED_CIDRS_IN_JWKS_URIS.",
        });
      }
    });
  },
});

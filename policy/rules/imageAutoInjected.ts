import { simulateInjection } from "../mesh/injection";
import { containersOf } from "../mesh/mesh";
import { rule } from "../rule";
import { analysis } from "../sources";

/** A container that waits for the injector's image gets it. */
export const imageAutoInjected = rule({
  name: "image-auto-injected",
  description: "A proxy container with `image: auto` stands only where the injector fills in the image.",
  rationale: "`auto` is no image. Where nothing injects the pod, it never starts: the image cannot be pulled.",
  fix: "Have the pod injected, or name the proxy's image.",
  level: "mandatory",
  codes: ["IST0146", "IST0147"],
  source: analysis("IST0146"),
  check({ mesh, settings, each, missing, report }) {
    each(mesh.workloads, (workload) => {
      for (const { container, field } of containersOf(workload)) {
        if (container.image !== "auto" || container.name !== "istio-proxy") {
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
    });
  },
});

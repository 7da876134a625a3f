import { simulateInjection } from "../mesh/injection";
import { rule } from "../rule";
import { nativeSidecars } from "../sources";

/** Jobs end although they have a sidecar. */
export const jobNeedsNativeSidecar = rule({
  name: "job-needs-native-sidecar",
  description: "A Job or CronJob that is injected gets its sidecar as a native sidecar container.",
  rationale: "A sidecar that is an ordinary container keeps running when the job is done: the pod never completes.",
  fix: "Leave native sidecars on (ENABLE_NATIVE_SIDECARS), or keep the job out of the mesh.",
  level: "advisory",
  codes: [],
  source: nativeSidecars,
  check({ mesh, settings, each, report }) {
    each(mesh.workloads, (workload) => {
      const { resource, annotations, prefix } = workload;
      if (resource.kind !== "Job" && resource.kind !== "CronJob") {
        return;
      }
      const { cause, revision } = simulateInjection(mesh, workload, settings);
      const injector = mesh.injectors.find((one) => one.revision === revision || one.tags.includes(revision ?? ""));
      const own = annotations["sidecar.istio.io/nativeSidecar"];
      const native = own === undefined ? (injector?.nativeSidecars ?? true) : own === "true";
      if (cause === "injected" && !native) {
        report(resource, {
          field:
            own === undefined ? `${prefix}metadata` : `${prefix}metadata.annotations["sidecar.istio.io/nativeSidecar"]`,
          message:
            "Its sidecar is an ordinary container, which keeps running after the job is done: its pods never complete.",
          fix: 'Switch native sidecars on, or label the pods with sidecar.istio.io/inject: "false".',
        });
      }
    });
  },
});

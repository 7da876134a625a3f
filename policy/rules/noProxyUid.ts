import { isControlPlane } from "../mesh/injection";
import { containersOf } from "../mesh/mesh";
import { rule } from "../rule";
import { analysis } from "../sources";

const proxyId = 1337;

/** Nothing but the proxy runs as the proxy. */
export const noProxyUid = rule({
  name: "no-proxy-uid",
  description: "No container runs with user or group 1337, which is the sidecar's.",
  rationale:
    "Traffic of user and group 1337 is not redirected to the sidecar, for it would loop. An application that runs as " +
    "1337 passes the mesh by: no mutual TLS, no policy, no telemetry.",
  fix: "Run the container as any other user and group.",
  level: "mandatory",
  codes: ["IST0144"],
  source: analysis("IST0144"),
  check({ mesh, each, report }) {
    each(mesh.workloads, (workload) => {
      const { resource, spec, prefix } = workload;
      if (isControlPlane(resource)) {
        return;
      }
      const contexts = containersOf(workload)
        .filter(({ container }) => container.name !== "istio-proxy")
        .map(({ container, field }) => ({ context: container.securityContext, field: `${field}.securityContext` }));
      for (const { context, field } of [
        { context: spec.securityContext, field: `${prefix}spec.securityContext` },
        ...contexts,
      ]) {
        for (const key of ["runAsUser", "runAsGroup"] as const) {
          if (context?.[key] === proxyId) {
            report(resource, {
              field: `${field}.${key}`,
              message: `${key} is ${proxyId}, the sidecar's: what runs with it passes the mesh by.`,
              fix: "Choose another id.",
            });
          }
        }
      }
    });
  },
});

import type { LiveObject } from "../../../cluster/kubeClient";
import type { Answer } from "../../shared/httpClient";
import type { Check, Context, Outcome } from "../check";
import { fail, pass, skip } from "../check";
import { refOfPod, servicePods } from "../meshPods";
import { isReady, nameOf } from "../objects";

/** Port and path at which every proxy answers plain text, whatever the mode: it is for kubelet's probes. */
const probe = { port: 15021, path: "/healthz/ready" };

/** What an answer to plain text shows. */
export type PlainText = "refused" | "accepted" | "unknown";

/**
 * @param probed Answer of the port that always takes plain text: without it nothing is known of the way to the pod.
 * @param asked Answer of the application's port.
 */
export function readPlainText(probed: Answer, asked: Answer): PlainText {
  if (probed.status !== 200) {
    return "unknown";
  }
  // The API server reports a refused connection with an answer of its own.
  return asked.status === 0 || /error trying to reach service/.test(asked.body) ? "refused" : "accepted";
}

interface PeerAuthenticationSpec {
  mtls?: { mode?: string };
  portLevelMtls?: Record<string, { mode?: string }>;
}

/** @returns which declaration lets plain text in; `authentications` are those of the namespace and of Istio's own. */
export function whoAllowsPlainText(authentications: readonly LiveObject[], namespace: string, system: string): string {
  const loose = authentications.find(({ spec }) => {
    const { mtls, portLevelMtls = {} } = (spec ?? {}) as PeerAuthenticationSpec;
    return [mtls, ...Object.values(portLevelMtls)].some((one) => /PERMISSIVE|DISABLE/.test(one?.mode ?? ""));
  });
  if (loose) {
    const { mtls, portLevelMtls } = loose.spec as PeerAuthenticationSpec;
    const mode = [mtls, ...Object.values(portLevelMtls ?? {})].find((one) => /PERMI|DISA/.test(one?.mode ?? ""))?.mode;
    return `PeerAuthentication ${nameOf(loose)} is ${mode}: set it to STRICT`;
  }
  const strict = (where: string) => authentications.some(({ metadata }) => metadata?.namespace === where);
  return strict(namespace) || strict(system)
    ? "no PeerAuthentication allows it: the port may be excluded from the proxy by an annotation of the pod"
    : `neither ${namespace} nor ${system} has a PeerAuthentication, and without one plain text is taken: run npm start -- --refresh`;
}

async function sendPlainText({ cluster }: Context, pod: LiveObject, port: number): Promise<PlainText> {
  const { namespace, name } = refOfPod(pod);
  const probed = await cluster.pod(namespace, name, probe.port, probe.path);
  return readPlainText(probed, await cluster.pod(namespace, name, port, "/"));
}

/** Is plain text from outside of the mesh refused? */
export const mtls: Check = {
  name: "mtls",
  description: "plain text refused",
  needs: ["injected", "workloads"],
  async run(context): Promise<Outcome> {
    const { cluster, declared } = context;
    const { mesh, system } = declared.namespaces;
    if (declared.mutualTls === "PERMISSIVE") {
      return skip("mutualTls is PERMISSIVE: plain text is declared to be taken");
    }
    const pods = await servicePods(context);
    const asked = await Promise.all(
      declared.services.map(async ({ name, port }) => {
        const pod = pods.get(name)?.find(isReady);
        return { name, plain: pod ? await sendPlainText(context, pod, port) : ("unknown" as const) };
      }),
    );
    const accepting = asked.filter(({ plain }) => plain === "accepted").map(({ name }) => name);
    if (accepting.length > 0) {
      const authentications = (
        await Promise.all([mesh, system].map((one) => cluster.list("security.istio.io/v1", "PeerAuthentication", one)))
      ).flat();
      return fail(
        `${accepting.join(", ")} took plain text of the API server, which is outside of the mesh`,
        `plain text is accepted: ${whoAllowsPlainText(authentications, mesh, system)}`,
        `${cluster.kubectl} get peerauthentication -A`,
      );
    }
    const known = asked.filter(({ plain }) => plain === "refused").map(({ name }) => name);
    return known.length === 0
      ? skip(
          "the API server of this cluster does not reach pods by their address, so plain text cannot be sent to them",
        )
      : pass(`${known.join(", ")} refused it from the API server, which is outside of the mesh`);
  },
};

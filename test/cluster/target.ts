import { join } from "node:path";
import { images } from "../../components/versions";
import { expectedInfo } from "../../toolchain";
import { BUSYBOX_VERSION } from "../../toolchain/install/pins";

/** The cluster that the tests use. */
export interface Target {
  /** Whether the tests start and end it. */
  embedded: boolean;
  /** What commands need to find it. */
  flags: readonly string[];
  /** Stack that `npm start` makes there. */
  stack: string;
  kubeconfig: string;
  context: string;
  /** Where the ingress gateway's node ports answer, on this machine. */
  gatewayUrl: string;
  secureGatewayUrl: string;
  /** Images that tests run beside the mesh. */
  images: { fortio: string; busybox: string };
  /** @returns path or name of kubectl, helm or istioctl. */
  command(name: "kubectl" | "helm" | "istioctl"): string;
}

/**
 * The context that names a kind cluster of three nodes, made of commands/kindCluster.yaml, with tools on PATH and
 * released images.
 */
const variable = "CLUSTER_TEST_CONTEXT";

/** @returns the cluster that the environment names; without one, the embedded cluster. */
function targetOf(env: NodeJS.ProcessEnv): Target {
  const { kubeconfig, context, binDir, gatewayUrl, secureGatewayUrl } = expectedInfo();
  const named = env[variable];
  if (!named) {
    return {
      ...{ embedded: true, flags: ["--sandbox"], stack: "sandbox", kubeconfig, context, gatewayUrl, secureGatewayUrl },
      images: {
        fortio: `sandbox.local/${images.fortio.split("/")[1]!}`,
        busybox: `sandbox.local/busybox:${BUSYBOX_VERSION}`,
      },
      command: (name) => join(binDir, name),
    };
  }
  if (!env.KUBECONFIG) {
    throw new Error(`${variable} is ${named}, and KUBECONFIG is not set; name the file that has this context`);
  }
  return {
    ...{ embedded: false, flags: ["--context", named], stack: "dev", kubeconfig: env.KUBECONFIG, context: named },
    ...{ gatewayUrl, secureGatewayUrl, images },
    command: (name) => name,
  };
}

export const target = targetOf(process.env);

import { hub } from "../images/catalog";
import { imageSources } from "../info";
import type { StatePaths } from "../paths";
import type { Logger } from "../system/log";
import { waitFor } from "../system/wait";
import { kubectl } from "./kubectl";
import { baseObjects } from "./manifests";
import { podResolvConf } from "./nameserver";

/** @returns what every start applies, CoreDNS and the volumes, as JSON. */
export function baseManifest({ volumes }: Pick<StatePaths, "volumes">): string {
  const forward = podResolvConf() ? "/etc/resolv.conf" : undefined;
  return JSON.stringify(baseObjects(`${hub}/coredns:${imageSources().coreDnsVersion}`, forward, volumes));
}

/**
 * How it is applied. Whether each field exists is left to a cluster test: to learn whether the API server can tell, kubectl asks for the
 * types of all there is, which the server puts together anew after each change of Istio's; that took longer than to apply.
 */
export const baseApply: readonly string[] = [
  "apply",
  "--server-side",
  "--force-conflicts",
  "--field-manager=sandbox",
  "--validate=false",
  "-f",
  "-",
];

/** Applies {@link baseManifest}. The API server makes its own roles and priority classes just after it says it is ready. */
export async function applyBase(paths: StatePaths, log: Logger): Promise<void> {
  const manifest = baseManifest(paths);
  await waitFor(
    "base objects",
    async () => {
      const { code, stderr } = await kubectl(paths, baseApply, manifest);
      return code === 0 ? undefined : stderr.trim();
    },
    { timeoutMs: 60_000, intervalMs: 500 },
  );
  log("CoreDNS and volumes applied");
}

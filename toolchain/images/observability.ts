import { join } from "node:path";
import type { GroupName } from "../binaries/groups";
import { NONROOT, programImage } from "./catalog";
import type { ImageRecipe } from "./recipe";

/** The groups of binaries that become images of the same name. */
export type ObservabilityGroup = Extract<
  GroupName,
  "prometheus" | "alertmanager" | "jaeger" | "otelcol" | "loki" | "fortio"
>;

/** Tags: the versions of the Go modules, as their go.mod has them. */
export const observabilityTags: Record<ObservabilityGroup, string> = {
  // First, because it is built in a moment.
  fortio: "1.67.0",
  prometheus: "0.316.0",
  alertmanager: "0.31.1",
  jaeger: "1.62.0",
  otelcol: "0.149.0",
  loki: "3.7.8",
};

/** The recipe of the image around the program of a group. Pure. */
export function observabilityImage(base: string, name: ObservabilityGroup, binDir: string): ImageRecipe {
  return programImage(base, {
    name,
    tag: observabilityTags[name],
    program: join(binDir, name),
    args: name === "fortio" ? ["server"] : undefined,
    user: NONROOT,
  });
}

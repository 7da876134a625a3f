import { join } from "node:path";
import type { GroupName } from "../binaries/groups";
import { type ProgramImage, programImage } from "./catalog";
import type { ImageRecipe } from "./recipe";

/** The groups of binaries that become images of the same name. */
export type ObservabilityGroup = Extract<GroupName, "prometheus" | "jaeger" | "otelcol" | "loki" | "fortio">;

/** User of programs that come from no image of their own; the pods say it again. */
const NOBODY = 65532;

/** Tags: the versions of the Go modules, as their go.mod has them. */
export const observabilityTags: Record<ObservabilityGroup, string> = {
  fortio: "1.67.0",
  prometheus: "0.316.0",
  jaeger: "1.62.0",
  otelcol: "0.149.0",
  loki: "3.7.8",
};

/** What makes each image from the folder of its binary. */
export const observabilityImages: Record<ObservabilityGroup, (binDir: string) => ImageRecipe> = {
  // First, because it is built in a moment.
  fortio: image("fortio", { args: ["server"] }),
  prometheus: image("prometheus"),
  jaeger: image("jaeger"),
  otelcol: image("otelcol"),
  loki: image("loki"),
};

function image(name: ObservabilityGroup, more: Partial<ProgramImage> = {}): (binDir: string) => ImageRecipe {
  return (binDir) =>
    programImage({ name, tag: observabilityTags[name], program: join(binDir, name), user: NOBODY, ...more });
}

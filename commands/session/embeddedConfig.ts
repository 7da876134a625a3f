import { realpathSync } from "node:fs";
import { join } from "node:path";
import { istioChartRepo } from "../../components/versions";
import { isMap } from "../../common/isMap";
import { expectedInfo } from "../../toolchain";
import { projectFolder, readProject, readStackFile } from "./stackFiles";

/** The stack of the embedded cluster. */
export const embeddedStack = "sandbox";

/** Keys of the embedded cluster's files, which are not there before its first start. */
const fileKeys = { kubeconfig: "auto", istioCharts: istioChartRepo };

/**
 * The config that any stack needs to go to the embedded cluster: what Pulumi.sandbox.yaml says, but for the profile.
 * Paths are absolute.
 * @param folder Where the program is. Default: this project.
 */
export function embeddedSettings(folder = projectFolder): Record<string, string> {
  const { name } = readProject(folder);
  const { config } = readStackFile(embeddedStack);
  const settings = Object.entries(isMap(config) ? config : {})
    .map(([key, value]) => [key.slice(`${name}:`.length), value] as const)
    .filter(([key]) => key !== "profile")
    .map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]);
  const { kubeconfig, chartsFolder } = expectedInfo();
  return { ...(Object.fromEntries(settings) as Record<string, string>), kubeconfig, istioCharts: chartsFolder };
}

/** As {@link embeddedSettings}, for a check of the config before the embedded cluster is there. */
export function settingsBeforeStart(folder = projectFolder): Record<string, string> {
  return { ...embeddedSettings(folder), ...fileKeys };
}

/**
 * Whether one of these kubeconfig files is that of the embedded cluster, by itself or by the link in the project's
 * folder.
 */
export function isEmbeddedKubeconfig(files: readonly string[], folder = projectFolder): boolean {
  const { kubeconfig } = expectedInfo();
  return files.some(
    (file) =>
      [kubeconfig, join(folder, ".toolchain", "kubeconfig")].includes(realOf(file)) ||
      realOf(file) === realOf(kubeconfig),
  );
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

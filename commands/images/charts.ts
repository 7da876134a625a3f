import { moduleCharts } from "../../toolchain";
import { readProject, readStackFile, withSettings } from "../session/stackFiles";

/** Milliseconds in which a chart repository has to answer. */
const answerMs = 5000;

/**
 * A preview reads Istio's charts, as an update does. Where the repository that a stack names does not answer, the
 * charts of Istio's Go module do: they are of a commit near the release.
 * @param settings Config of this run.
 * @returns config that names the charts; empty if those of the stack can be had.
 */
export async function chartSettings(
  stack: string,
  settings: Record<string, string>,
  log: (line: string) => void,
  folder?: string,
): Promise<Record<string, string>> {
  const project = readProject(folder);
  const { config = {} } = readStackFile(stack, folder) as { config?: Record<string, unknown> };
  const key = `${project.name}:istioCharts`;
  const source = withSettings(config, settings, project)[key] ?? project.keys.istioCharts?.default;
  if (typeof source !== "string" || !source.startsWith("https://") || (await answers(`${source}/index.yaml`))) {
    return {};
  }
  log(`${stack}: ${source} does not answer; Istio's charts are those of its Go module`);
  return { istioCharts: await moduleCharts() };
}

async function answers(url: string): Promise<boolean> {
  return fetch(url, { method: "HEAD", signal: AbortSignal.timeout(answerMs) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

import { tracingImages } from "../../components/observability/tracing";
import { images, istioChartRepo, istioHub, istioVersion } from "../../components/versions";
import { parse } from "yaml";
import { ImageRepository, whyNoAnswer } from "../images/imageRepository";
import { newestAlike, type Pin } from "./pin";

/** The file that pins images and Istio; each tracing backend has its image in its own file. */
const where = ["components/versions.ts"];
const tracingFiles = new Map(
  Object.entries(tracingImages).map(([name, image]) => [image, `components/observability/tracing/${name}.ts`]),
);

/** Pages of tags that are read; a registry that has more goes in circles. */
const mostPages = 200;

/** Milliseconds in which a chart repository has to answer. */
const answerMs = 30_000;

/**
 * @returns the images of the stack, each with what its registry has; those of one registry that does not answer say so.
 */
export function imagePins(
  references: readonly string[] = [...Object.values(images), `${istioHub}/pilot:${istioVersion}`],
): Promise<Pin[]> {
  return Promise.all(
    references.map(async (reference) => {
      const repository = new ImageRepository(reference, "look for its tags on the pages of its registry");
      const what = reference.slice(0, -repository.tag.length - 1);
      const own = tracingFiles.get(reference);
      const pin = { what, ours: repository.tag, where: own === undefined ? where : [own] };
      try {
        return { ...pin, ...judgeTags(repository.tag, await tagsOf(repository)) };
      } catch (error) {
        const [, problem] = (error as Error).message.split(`${reference}: `);
        return { ...pin, problem: problem ?? (error as Error).message };
      }
    }),
  );
}

/** @returns the newest tag that is made like ours, or why there is none to tell. */
export function judgeTags(ours: string, tags: readonly string[]): Pick<Pin, "newest" | "problem"> {
  const newest = newestAlike(ours, tags);
  return newest === undefined ? { problem: "its tags are no versions; look for a newer one by hand" } : { newest };
}

/**
 * @returns all tags of an image. A registry gives them in pages, each with a link to the next one.
 * @throws Error naming image, cause and fix.
 */
export async function tagsOf(repository: ImageRepository): Promise<string[]> {
  const tags: string[] = [];
  let next: string | undefined = "tags/list?n=1000";
  for (let page = 0; next !== undefined; page++) {
    if (page === mostPages) {
      throw new Error(`${repository.reference}: ${repository.host} has more than ${mostPages} pages of tags`);
    }
    const answer: Response = await repository.ask(next);
    const { tags: some } = (await answer.json()) as { tags?: string[] | null };
    tags.push(...(some ?? []));
    next = /<([^>]*)>;\s*rel="?next"?/.exec(answer.headers.get("link") ?? "")?.[1];
  }
  return tags;
}

/** Asks the repository of Istio's charts. @throws Error naming it, and why it did not answer. */
export async function chartPins(repo = istioChartRepo, ours = istioVersion): Promise<Pin[]> {
  const url = `${repo}/index.yaml`;
  let text: string;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(answerMs) });
    if (!answer.ok) {
      throw new Error(`answers ${answer.status}`);
    }
    text = await answer.text();
  } catch (error) {
    throw new Error(`${url}: no answer (${whyNoAnswer(error)}); is it reached from here?`, { cause: error });
  }
  return [{ what: "Istio's charts", ours, newest: newestChart(ours, text), where: [...where, "Pulumi.yaml"] }];
}

/**
 * @param index The index of a Helm repository.
 * @returns the newest release of the chart istiod.
 * @throws Error if the index has none.
 */
export function newestChart(ours: string, index: string): string {
  const { entries } = (parse(index) ?? {}) as { entries?: { istiod?: { version: string }[] } };
  const newest = newestAlike(ours, entries?.istiod?.map(({ version }) => version) ?? []);
  if (newest === undefined || entries?.istiod === undefined) {
    throw new Error("the index of Istio's charts has no istiod");
  }
  return newest;
}

import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "./markdown";

/** A link to somewhere else, and the pages that have it. */
export interface ExternalLink {
  url: string;
  files: string[];
}

/** How a link turned out. */
export interface CheckedLink extends ExternalLink {
  /** `doubtful`: somebody should look, but a reader may well get there. */
  verdict: "ok" | "doubtful" | "broken";
  /** What was seen. */
  said: string;
}

/** How links are asked for. */
export interface LinkCheckOptions {
  /** Milliseconds until an answer is given up. */
  timeoutMs: number;
  /** Times that a link is asked for whose server has trouble. */
  tries: number;
  /** Milliseconds before the second try; twice as many before each one after it. */
  pauseMs: number;
}

/** What is fit for the servers of others. */
export const defaultOptions: LinkCheckOptions = { timeoutMs: 20_000, tries: 4, pauseMs: 2000 };

/** Longest that a server may ask to wait, in milliseconds. */
const longestWaitMs = 60_000;

/** Redirects that are followed. */
const mostRedirects = 10;

/** Statuses that a server answers with to HEAD, though GET would be fine. */
const notForHead = [400, 403, 404, 405, 501];

/** Statuses by which a server keeps robots away; a reader gets there. */
const notForRobots = [401, 403, 429];

/** Hosts that stand for one of the reader's (RFC 2606), or are the reader's own machine. */
const reserved = /(^|\.)(example(\.(com|org|net))?|test|invalid|local|localhost)$|^(127\.|\[)/;

/** @returns the links of some pages that lead out of the project, each once. */
export function externalLinks(pages: readonly Pick<Page, "file" | "links">[]): ExternalLink[] {
  const files = new Map<string, Set<string>>();
  for (const { file, links } of pages) {
    for (const link of links.filter((one) => /^https?:/.test(one) && URL.canParse(one))) {
      const { href, hostname } = new URL(link);
      if (!reserved.test(hostname)) {
        files.set(href, (files.get(href) ?? new Set()).add(file));
      }
    }
  }
  return [...files].map(([url, all]) => ({ url, files: [...all].sort() })).sort((a, b) => (a.url < b.url ? -1 : 1));
}

/** An answer, or why there was none. */
interface Answer {
  status: number;
  /** Where redirects led to, if all of them are for good. */
  movedTo?: string;
  /** Milliseconds that the server asks to wait. */
  waitMs?: number;
  body: string;
  error?: string;
}

async function ask(url: string, method: "HEAD" | "GET", timeoutMs: number): Promise<Answer> {
  let at = url;
  let forGood = true;
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    for (let redirects = 0; redirects <= mostRedirects; redirects++) {
      const headers = { "user-agent": "sidecar-mesh-link-check", accept: "text/html,*/*" };
      const answer = await fetch(at, { method, redirect: "manual", signal, headers });
      const { status } = answer;
      const location = answer.headers.get("location");
      if (status >= 300 && status < 400 && location !== null) {
        await answer.body?.cancel();
        forGood &&= status === 301 || status === 308;
        at = new URL(location, at).href;
        continue;
      }
      const isPage = /html/.test(answer.headers.get("content-type") ?? "");
      const body = method === "GET" && isPage ? await answer.text() : "";
      await answer.body?.cancel().catch(() => undefined);
      const seconds = Number(answer.headers.get("retry-after") ?? Number.NaN);
      return {
        status,
        body,
        ...(at !== url && forGood && { movedTo: at }),
        ...(seconds >= 0 && { waitMs: Math.min(seconds * 1000, longestWaitMs) }),
      };
    }
    return { status: 0, body: "", error: `more than ${mostRedirects} redirects` };
  } catch (error) {
    const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } };
    const why = name === "TimeoutError" ? `no answer within ${timeoutMs / 1000} s` : (cause?.code ?? cause?.message);
    return { status: 0, body: "", error: why ?? message };
  }
}

/** Whether a page has what a link's part after # names. */
function hasAnchor(body: string, anchor: string): boolean {
  const name = decodeURIComponent(anchor).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`\\s(id|name)=["']?${name}["'\\s>]`).test(body);
}

function judge(url: string, { status, movedTo, body, error }: Answer): Pick<CheckedLink, "verdict" | "said"> {
  if (status === 0) {
    return { verdict: "broken", said: error ?? "no answer" };
  }
  if (notForRobots.includes(status)) {
    return { verdict: "doubtful", said: `HTTP ${status}, which may be for robots alone` };
  }
  if (status >= 300) {
    return { verdict: "broken", said: `HTTP ${status}` };
  }
  if (movedTo !== undefined) {
    return { verdict: "doubtful", said: `moved for good to ${movedTo}` };
  }
  const anchor = new URL(url).hash.slice(1);
  // Without a body it is no page of HTML, or one that names its parts by a script.
  return anchor !== "" && body !== "" && !hasAnchor(body, anchor)
    ? { verdict: "doubtful", said: `the page has no #${anchor}` }
    : { verdict: "ok", said: `HTTP ${status}` };
}

/** Asks for one link: without the page itself where that is enough, and again where the server has trouble. */
export async function checkLink(link: ExternalLink, options: LinkCheckOptions): Promise<CheckedLink> {
  const { timeoutMs, tries, pauseMs } = options;
  let method: "HEAD" | "GET" = link.url.includes("#") ? "GET" : "HEAD";
  let answer: Answer | undefined;
  for (let i = 0; i < tries; i++) {
    if (answer) {
      await sleep(answer.waitMs ?? pauseMs * 2 ** (i - 1));
    }
    answer = await ask(link.url, method, timeoutMs);
    if (method === "HEAD" && notForHead.includes(answer.status)) {
      method = "GET";
      answer = await ask(link.url, method, timeoutMs);
    }
    const isTrouble = answer.status === 0 || answer.status === 429 || answer.status >= 500;
    if (!isTrouble) {
      break;
    }
  }
  return { ...link, ...judge(link.url, answer ?? { status: 0, body: "" }) };
}

/** Asks for all links: hosts side by side, and of each host one after the other. */
export async function checkLinks(
  links: readonly ExternalLink[],
  options: LinkCheckOptions,
  onResult: (link: CheckedLink) => void = () => undefined,
): Promise<CheckedLink[]> {
  const hosts = new Map<string, ExternalLink[]>();
  for (const link of links) {
    const { host } = new URL(link.url);
    hosts.set(host, [...(hosts.get(host) ?? []), link]);
  }
  const checked = await Promise.all(
    [...hosts.values()].map(async (ofHost) => {
      const results: CheckedLink[] = [];
      for (const link of ofHost) {
        // A host that could not be reached with patience is not waited for again at each of its links.
        const given = results.at(-1)?.verdict === "broken" && !results.at(-1)?.said.startsWith("HTTP");
        const result = await checkLink(link, given ? { ...options, tries: 1 } : options);
        onResult(result);
        results.push(result);
      }
      return results;
    }),
  );
  return checked.flat().sort((a, b) => (a.url < b.url ? -1 : 1));
}

/** @returns how many links turned out how, in words. */
export function sumUp(links: readonly CheckedLink[]): string {
  const count = (verdict: CheckedLink["verdict"]) => links.filter((link) => link.verdict === verdict).length;
  return `${links.length} links to elsewhere: ${count("ok")} ok, ${count("doubtful")} doubtful, ${count("broken")} broken`;
}

/** @returns the links that are not ok as Markdown, the broken ones first. */
export function linksMarkdown(links: readonly CheckedLink[]): string {
  const cell = (text: string) => text.replaceAll("|", "\\|").replace(/\s+/g, " ");
  const told = (["broken", "doubtful"] as const).flatMap((verdict) => links.filter((link) => link.verdict === verdict));
  const table = ["| link | is | what was seen | pages |", "| --- | --- | --- | --- |"].concat(
    told.map(({ url, verdict, said, files }) => `| ${url} | ${verdict} | ${cell(said)} | ${files.join(", ")} |`),
  );
  return ["# Links", "", `${sumUp(links)}.`, "", ...(told.length > 0 ? [...table, ""] : [])].join("\n");
}

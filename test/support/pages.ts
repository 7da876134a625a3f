import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import GithubSlugger from "github-slugger";
import { marked } from "marked";
import type { Token } from "marked";
import { projectFolder } from "../../commands/session/stackFiles";

/** A Markdown page, taken apart. */
export interface Page {
  /** Path below the project's folder. */
  file: string;
  /** Targets of links and pictures. */
  links: string[];
  /** Anchors that GitHub makes of the headings. */
  anchors: Set<string>;
  /** Blocks of code, with what they say they are in. */
  blocks: { language: string; text: string }[];
  /** Code within text. */
  code: string[];
}

/** @returns the project's pages: of its own folder, of docs/ and of toolchain/. */
export function readPages(): Page[] {
  const below = (folder: string): string[] =>
    readdirSync(join(projectFolder, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
  return [...readdirSync(projectFolder), ...below("docs"), ...below("toolchain")]
    .filter((file) => file.endsWith(".md"))
    .map((file) => parsePage(file, readFileSync(join(projectFolder, file), "utf8")));
}

/** Takes a page apart. */
export function parsePage(file: string, text: string): Page {
  const page: Page = { file, links: [], anchors: new Set(), blocks: [], code: [] };
  const slugger = new GithubSlugger();
  void marked.walkTokens(marked.lexer(text), (token: Token) => {
    switch (token.type) {
      case "link":
      case "image":
        page.links.push((token as { href: string }).href);
        break;
      case "heading":
        page.anchors.add(slugger.slug((token as { text: string }).text));
        break;
      case "code":
        page.blocks.push({ language: (token as { lang?: string }).lang ?? "", text: (token as { text: string }).text });
        break;
      case "codespan":
        page.code.push((token as { text: string }).text);
        break;
    }
  });
  return page;
}

/** @returns what is wrong with a link of a page, undefined if it leads somewhere. */
export function brokenLink(link: string, from: Page, pages: readonly Page[]): string | undefined {
  if (/^[a-z]+:/.test(link)) {
    return URL.canParse(link) && link.startsWith("https://") ? undefined : "not a URL with https://";
  }
  const [path = "", anchor] = decodeURI(link).split("#");
  const target = path === "" ? join(projectFolder, from.file) : resolve(projectFolder, dirname(from.file), path);
  if (!existsSync(target)) {
    return "no such file";
  }
  const page = pages.find(({ file }) => file === relative(projectFolder, target));
  return anchor === undefined || page?.anchors.has(anchor) ? undefined : `no heading #${anchor} there`;
}

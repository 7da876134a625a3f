import { appendFileSync, writeFileSync } from "node:fs";
import { checkLinks, defaultOptions, externalLinks, linksMarkdown, sumUp } from "./externalLinks";
import { parseStrictly } from "./flags";
import { readPages } from "./markdown";
import { runCommand } from "./runCommand";

const help = `npm run check:links -- [flags]

Asks for every link of the documents that leads out of the project, and says which are dead. Needs the internet. Links within the
project are checked by npm test.

      --markdown FILE  Write the result as Markdown; in GitHub Actions it goes to the job's summary, too
      --json           Print the result as one JSON object on the last line
  -h, --help           This text

Exit status: 0 if none is broken, 1 if one is. One that moved, or that refuses robots, is told of and not broken.
`;

function parseLinkFlags(argv: readonly string[]) {
  const { values } = parseStrictly({
    args: [...argv],
    allowPositionals: false,
    options: {
      markdown: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  return values;
}

runCommand(
  help,
  async ({ markdown }, log) => {
    const links = await checkLinks(externalLinks(readPages()), defaultOptions, ({ url, verdict, said, files }) =>
      log(`${verdict.padEnd(9)}${url}${verdict === "ok" ? "" : `: ${said}; in ${files.join(", ")}`}`),
    );
    log(sumUp(links));
    const text = linksMarkdown(links);
    if (markdown !== undefined) {
      writeFileSync(markdown, text);
    }
    if (process.env.GITHUB_STEP_SUMMARY) {
      appendFileSync(process.env.GITHUB_STEP_SUMMARY, text);
    }
    process.exitCode = links.some(({ verdict }) => verdict === "broken") ? 1 : 0;
    return { links };
  },
  parseLinkFlags,
);

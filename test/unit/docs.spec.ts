import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parse } from "yaml";
import { projectFolder, readProject } from "../../commands/session/stackFiles";
import { isCommand, problemOfSetting, problemsOfConfig, problemsOfLine } from "../support/documentedCommands";
import { brokenLink, parsePage, readPages } from "../support/pages";

const pages = readPages();
// Those of single policies, and of examples, are written by scripts, and tested where these are.
const written = pages.filter(
  ({ file }) => !/^docs\/policies\/(?!samples|settings)|^docs\/pull-requests\.md$/.test(file),
);
const shell = ["", "sh", "bash", "console"];

/** Asserts that no page has a problem; names all of them. */
function assertNone(problems: string[]): void {
  assert.deepEqual(problems, []);
}

describe("documents", () => {
  it("link to what is there", () => {
    assert.ok(pages.reduce((sum, { links }) => sum + links.length, 0) > 50);
    assertNone(
      pages.flatMap((page) =>
        page.links.flatMap((link) => {
          const problem = brokenLink(link, page, pages);
          return problem === undefined ? [] : [`${page.file}: ${link}: ${problem}`];
        }),
      ),
    );
  });

  it("can all be found from the README", () => {
    const reached = new Set(["README.md"]);
    for (const file of reached) {
      const links = pages.find((page) => page.file === file)?.links ?? [];
      links
        .filter((link) => /^[^#:]+\.md(#|$)/.test(link))
        .forEach((link) =>
          reached.add(relative(projectFolder, resolve(projectFolder, dirname(file), link.split("#")[0]!))),
        );
    }
    assertNone(pages.map(({ file }) => file).filter((file) => !reached.has(file)));
  });

  it("give commands that exist, with flags and keys that exist", function () {
    this.timeout(60_000);
    const lines = written.flatMap(({ file, blocks, code }) =>
      [
        ...blocks.filter(({ language }) => shell.includes(language)).flatMap(({ text }) => text.split("\n")),
        ...code.filter(isCommand),
      ].map((line) => ({ file, line })),
    );
    assert.ok(lines.length > 50);
    assertNone(
      lines.flatMap(({ file, line }) => problemsOfLine(line).map((problem) => `${file}: ${line.trim()}: ${problem}`)),
    );
  });

  it("give configuration that the program accepts", () => {
    const { name, keys } = readProject();
    let checked = 0;
    assertNone(
      written.flatMap(({ file, blocks, code }) => [
        ...blocks.flatMap(({ language, text }) => {
          const { config } = language === "yaml" ? (parse(text) as { config?: Record<string, unknown> }) : {};
          const isOurs = config !== undefined && Object.keys(config).some((key) => key.startsWith(`${name}:`));
          checked += Number(isOurs);
          return isOurs ? problemsOfConfig(config).map((problem) => `${file}: ${problem}`) : [];
        }),
        ...code.flatMap((text) => {
          const [, key = "", value = ""] = /^(\w+): (\S.*)$/.exec(text) ?? [];
          return key in keys
            ? problemOfSetting(key, parse(value)).map((problem) => `${file}: ${text}: ${problem}`)
            : [];
        }),
      ]),
    );
    assert.ok(checked >= 2);
  });

  it("name files that exist", () => {
    const top = new Set(readdirSync(projectFolder));
    const isPath = (text: string) =>
      /^[\w.-]+(\/[\w.-]+)*\/?$/.test(text) &&
      (/\.(ts|cjs|ya?ml|md|json|mod)$/.test(text) || (text.includes("/") && top.has(text.split("/")[0]!)));
    const paths = written.flatMap(({ file, code }) => code.filter(isPath).map((path) => ({ file, path })));
    assert.ok(paths.length > 20);
    assertNone(
      paths
        // NAME stands for a name of the reader's.
        .filter(({ path }) => !/NAME|ruleName/.test(path))
        .filter(({ file, path }) => {
          const folders = [projectFolder, join(projectFolder, dirname(file))];
          return !folders.some((folder) => existsSync(join(folder, path)));
        })
        .map(({ file, path }) => `${file}: ${path}`),
    );
  });

  it("name things as the sources do", () => {
    const sources = ["components", "stacks", "commands", "policy", "toolchain", "cluster", "test"]
      .flatMap((folder) =>
        readdirSync(join(projectFolder, folder), { recursive: true, encoding: "utf8" }).map((f) => join(folder, f)),
      )
      .filter((file) => file.endsWith(".ts"))
      .concat("Pulumi.yaml", "index.ts")
      .map((file) => readFileSync(join(projectFolder, file), "utf8"))
      .join("\n");
    const known = new Set(sources.match(/[A-Za-z]\w*/g));
    assertNone(
      written.flatMap(({ file, code }) =>
        code.filter((text) => /^[a-z]+[A-Z]\w*$/.test(text) && !known.has(text)).map((text) => `${file}: ${text}`),
      ),
    );
  });

  it("and .ci/run name the same tests", () => {
    const script = readFileSync(join(projectFolder, ".ci", "run"), "utf8");
    const commands = [...script.matchAll(/^(?:check|suite) (npm .*)$/gm)].map((match) => match[1]!);
    assert.ok(commands.length >= 5);
    assertNone(commands.flatMap(problemsOfLine));
    const readme = readFileSync(join(projectFolder, "README.md"), "utf8");
    for (const test of ["npm test", "npm run test:cluster"]) {
      assert.ok(readme.includes(`\`${test}\``), `README names ${test}`);
      assert.ok(
        commands.some((command) => command.replace(/ --silent/, "") === test),
        `.ci/run runs ${test}`,
      );
    }
  });

  it("describe every output", () => {
    const program = readFileSync(join(projectFolder, "index.ts"), "utf8");
    const outputs = program.split("\nconst outputs = {")[1]!.split("\n};")[0]!;
    const readme = readFileSync(join(projectFolder, "README.md"), "utf8");
    const table = readme.split("## Outputs")[1]!.split("\n## ")[0]!;
    const names = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1]).sort();
    assert.deepEqual(names(table, /^\| `(\w+)`/gm), names(outputs, /^(?: {2}| {2}\.\.\..*&& \{ )(\w+)(?::| \})/gm));
  });

  it("describe every npm script", () => {
    const { scripts } = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const text = written.flatMap(({ blocks, code }) => [...blocks.map((block) => block.text), ...code]).join("\n");
    assertNone(
      Object.keys(scripts).filter((script) => !new RegExp(`(npm run|npm|npx) ${script}(?![\\w:-])`).test(text)),
    );
  });
});

describe("the check of documents", () => {
  const page = (text: string) => parsePage("README.md", text);
  const links: [string, RegExp | undefined][] = [
    ["[a](CONTRIBUTING.md)", undefined],
    ["[a](NOWHERE.md)", /no such file/],
    ["# Two words\n\n[a](#two-words)", undefined],
    ["[a](#two-words)", /no heading/],
    ["[a](http://example.com)", /https/],
  ];
  for (const [text, expected] of links) {
    it(`${expected ? "finds fault with" : "accepts"} ${JSON.stringify(text)}`, () => {
      const parsed = page(text);
      const problem = brokenLink(parsed.links[0]!, parsed, [parsed]);
      assert.equal(problem === undefined, expected === undefined, problem);
      assert.match(problem ?? "", expected ?? /^$/);
    });
  }

  const commands: [string, RegExp | undefined][] = [
    ["npm ci && npm start -- --sandbox  # the embedded cluster", undefined],
    ["npm run nothing", /no npm script nothing/],
    ["npm start --sandbox", /write it after --/],
    ["npm start -- --sandboks", /--sandboks/],
    ["npm start -- --config egressGatway=true", /no config key egressGatway/],
    ["npm start -- --config egressGateway=yes", /egressGateway: use one of true, false/],
    ["npm run sandbox -- halt", /halt: use one of/],
    ['eval "$(npm run -s sandbox -- environment)"', /environment: use one of/],
    ["npx mesh-check --formt json -", /mesh-check knows no --formt/],
    ["pulumi config set kubeContxt NAME", /no config key kubeContxt/],
    ["pulumi config set kubeContext NAME", undefined],
    ["pulumi preview --policy-pack policies", /no policy pack in policies/],
    ["kind create cluster --config commands/kind.yaml", /no file commands\/kind\.yaml/],
    ["pulumy up", /is pulumi meant/],
    ["for x in a b; do skopeo copy $x; done", undefined],
  ];
  for (const [line, expected] of commands) {
    it(`${expected ? "finds fault with" : "accepts"} ${line}`, () => {
      const problems = problemsOfLine(line).join("\n");
      assert.equal(problems === "", expected === undefined, problems);
      assert.match(problems, expected ?? /^$/);
    });
  }
});

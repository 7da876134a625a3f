import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../../commands/session/stackFiles";
import { checks } from "../../commands/verify/checks";
import { supportedMinors } from "../../commands/verify/checks/cluster";
import { preliminary } from "../../commands/verify/run";
import type { CauseText } from "../support/verifyCauses";
import { causesIn, causeTexts, hole } from "../support/verifyCauses";

const page = readFileSync(join(projectFolder, "docs", "troubleshooting.md"), "utf8");
/** What is seen before a check runs, and the rest, which is what verify names. */
const [, beforeCheck = ""] = /\n## Before a check\n([^]*?)\n## /.exec(page) ?? [];
const causesPage = page.replace(beforeCheck, "");

/** A cause on the page, and what to do. */
interface Row {
  cause: string;
  remedy: string;
}

function rowsOf(text: string): Row[] {
  return text
    .split("\n")
    .filter((line) => /^\| (?!-|cause|what it says|what you see)/.test(line))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .map(([, cause = "", remedy = ""]) => ({ cause, remedy }));
}

/** The fix of a cause is in the other column of the page, so the text that joins both is ignored. */
const plain = (text: string) =>
  text
    .toLowerCase()
    .replaceAll("`", "")
    .replace(/[*:;.,]/g, " ")
    .replace(/\s+/g, " ")
    .trim();

function patternOf({ text }: CauseText): RegExp {
  const parts = text.split(hole).map((part) => plain(part).replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*?")}`);
}

const isTold = (cause: CauseText, rows: readonly Row[]) =>
  rows.some(({ cause: told, remedy }) => patternOf(cause).test(plain(`${told} ${remedy}`)));

describe("the page on troubleshooting", () => {
  const rows = rowsOf(causesPage);
  const causes = causeTexts();

  it("has every cause that verify can name", () => {
    assert.ok(causes.length > 90, `${causes.length} causes are found in the sources`);
    assert.deepEqual(
      causes
        .filter((cause) => !isTold(cause, rows))
        .map(({ where, text }) => `${where}: ${text.replaceAll(hole, "...")}`),
      [],
    );
  });

  it("has none that verify can't name", () => {
    assert.deepEqual(
      rows.filter((row) => !causes.some((cause) => isTold(cause, [row]))).map(({ cause }) => cause),
      [],
    );
  });

  it("has something to do for each", () => {
    assert.deepEqual(
      rows.filter(({ remedy }) => !/^.{8,}\.$/.test(remedy)).map(({ cause }) => cause),
      [],
    );
  });

  it("and the production guide name the versions of Kubernetes that are checked", () => {
    const { oldest, newest } = supportedMinors;
    for (const text of [page, readFileSync(join(projectFolder, "docs", "production.md"), "utf8")]) {
      assert.ok(text.includes(`1.${oldest} to 1.${newest}`));
    }
  });

  it("has a section for each check", () => {
    const sections = [...page.matchAll(/^## (.*)$/gm)].map((match) => match[1]!);
    const names = [...preliminary, ...checks.map(({ name }) => name)];
    assert.deepEqual(
      names.filter((name) => !sections.includes(name)),
      [],
    );
    assert.deepEqual(
      sections.filter((name) => /^[a-z-]+$/.test(name) && !names.includes(name)),
      [],
    );
  });
});

describe("the table of what is seen before a check", () => {
  /** What Envoy and the Pulumi CLI say. */
  const others = ["RBAC: access denied", "the stack is currently locked", "another operation is in progress"];

  it("quotes messages as they are written in the sources", () => {
    const quoted = rowsOf(beforeCheck)
      .flatMap(({ cause }) => [...cause.matchAll(/`([^`]*)`/g)].map((match) => match[1]!))
      .filter((text) => text.split(" ").length > 3 && !others.includes(text));
    assert.ok(quoted.length >= 1, quoted.join(", "));
    const lines = ["commands", "toolchain", "cluster", "stacks"]
      .flatMap((folder) =>
        readdirSync(join(projectFolder, folder), { recursive: true, encoding: "utf8" }).map((file) =>
          join(folder, file),
        ),
      )
      .filter((file) => /(?<!\.spec)\.ts$/.test(file))
      .flatMap((file) => readFileSync(join(projectFolder, file), "utf8").split("\n"));
    const isSaid = (text: string) => {
      const parts = text.split('"..."').map((part) => part.trim());
      return lines.some((line) => parts.every((part) => line.includes(part)));
    };
    assert.deepEqual(
      quoted.filter((text) => !isSaid(text)),
      [],
    );
  });
});

describe("the causes in a source", () => {
  const found = (source: string) => causesIn("x.ts", source).map(({ text }) => text.replaceAll(hole, "..."));

  it("are found in each branch, through constants and functions", () => {
    const source = `
      function why(x: string) { return x ? \`because of \${x}\` : "for no reason"; }
      const gone = "it is gone";
      export const a = (ok: boolean, n: number) => fail("seen", ok ? gone : \`\${n} are gone: \${why(String(n))}\`, "look");
      export const b = { cause: \`slow\${a ? \`: \${a}\` : ""}\`, next: "look" };`;
    assert.deepEqual(found(source), [
      "it is gone",
      "... are gone: because of ...",
      "... are gone: for no reason",
      "slow...",
    ]);
  });

  it("are nothing that others name", () => {
    assert.deepEqual(found("const { cause } = told(); fail(message, cause, next);"), []);
  });

  it("are missed on a page that lacks them", () => {
    const [cause] = causesIn("x.ts", 'fail("seen", `Service ${name} is gone: run npm start -- --refresh`, "look")');
    assert.ok(isTold(cause!, [{ cause: "Service NAME is gone", remedy: "Run `npm start -- --refresh`." }]));
    assert.ok(!isTold(cause!, [{ cause: "Service NAME is gone", remedy: "Wait." }]));
    assert.ok(!isTold(cause!, [{ cause: "Gateway NAME is gone", remedy: "Run `npm start -- --refresh`." }]));
  });
});

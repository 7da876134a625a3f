/**
 * What people get wrong, and what they get right, after public reports: each bad case must give its findings, and its
 * corrected input must pass. Bases are objects that several cases share.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { checkManifests } from "../check";
import { defaultSettings } from "../settings";

interface Case {
  name: string;
  /** What has to be said, in words. */
  says: string;
  /** The findings that say so. */
  finds?: { rule: string; on: string; field: string }[];
  /** Whether the input is not read at all, and why is said instead. */
  unread?: true;
  with?: string[];
  bad?: string;
  good?: string;
}

function read<T>(name: string): T {
  return parse(readFileSync(join(__dirname, name), "utf8")) as T;
}

const bases = read<Record<string, string>>("bases.yaml");

function check(of: Case, own: string) {
  const shared = (of.with ?? []).map((name) => {
    assert.ok(bases[name] !== undefined, `bases.yaml has no ${name}`);
    return bases[name];
  });
  const text = [...shared, own].join("\n---\n");
  const { findings, problems } = checkManifests([{ file: "case.yaml", text }], defaultSettings);
  return { findings, problems };
}

describe("cases", () => {
  const subjects = readdirSync(__dirname).filter((name) => name.endsWith(".yaml") && name !== "bases.yaml");
  for (const subject of subjects) {
    describe(subject.replace(".yaml", ""), () => {
      for (const one of read<Case[]>(subject)) {
        const { name, bad, good, finds = [], unread, says } = one;
        if (bad !== undefined) {
          it(`${name} is found`, () => {
            const { findings, problems } = check(one, bad);
            if (unread) {
              assert.match(problems.map(({ message }) => message).join("\n"), /render it first/, says);
              return;
            }
            assert.deepEqual(problems, []);
            assert.ok(finds.length > 0, "a case that is bad has to be found");
            for (const { rule, on, field } of finds) {
              const found = findings.find((it) => it.rule === rule && it.resource === on && it.field === field);
              assert.ok(found, `${says}; expected ${rule} of ${on} at ${field}, found ${JSON.stringify(findings)}`);
              assert.ok((found.line ?? 0) > 0);
            }
            const other = findings.filter(
              ({ rule, level }) => level === "mandatory" && !finds.some((it) => it.rule === rule),
            );
            const known = name === "gateway-in-other-namespace" ? ["gateway-host-matches"] : [];
            assert.deepEqual(
              other.map(({ rule }) => rule).filter((rule) => !known.includes(rule)),
              [],
              "nothing else is refused",
            );
          });
        }
        if (good !== undefined) {
          it(`${name}${bad === undefined ? "" : ", corrected,"} is not refused`, () => {
            const { findings, problems } = check(one, good);
            assert.deepEqual(problems, []);
            const refused = findings.filter(
              ({ level, rule }) => level === "mandatory" || finds.some((it) => it.rule === rule),
            );
            assert.deepEqual(refused, [], says);
          });
        }
      }
    });
  }
});

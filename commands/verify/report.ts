import { plainTable } from "../shared/plainTable";
import type { Result } from "./check";

/** All that one run found. */
export interface Report {
  ok: boolean;
  seconds: number;
  checks: Result[];
  /** What failed by itself, and not as a consequence. */
  causes: { check: string; cause: string; next: string }[];
}

/** @returns the report of some results; it is ok if nothing failed and nothing was kept from running. */
export function reportOf(results: readonly Result[], seconds: number): Report {
  return {
    ok: results.every(({ verdict }) => verdict === "pass" || verdict === "skip"),
    seconds: Math.round(seconds * 10) / 10,
    checks: [...results],
    causes: results.flatMap(({ name, verdict, cause, next }) =>
      verdict === "fail" ? [{ check: name, cause: cause ?? "unknown", next: next ?? "" }] : [],
    ),
  };
}

const marks: Record<Result["verdict"], string> = { pass: "ok", fail: "FAILED", skip: "skipped", blocked: "not run" };

/** Widths of the columns before the evidence, which takes the rest of the line. */
const columns = { mark: 9, name: 20, description: 44 };

/** Widths between which lines are laid out, in characters. */
const narrowest = 100;
const usual = 120;

/**
 * @param width Of the terminal, in characters. Default 120; a narrower one than 100 wraps by itself.
 * @returns one row of the table; a long description or evidence goes on below, in its own column.
 */
export function resultLine({ verdict, name, description, evidence }: Result, width = usual): string {
  const { mark, name: nameWidth, description: descriptionWidth } = columns;
  const rest = Math.max(width, narrowest) - mark - nameWidth - descriptionWidth - 1;
  const colWidths = [mark, nameWidth, descriptionWidth, rest];
  return plainTable([[marks[verdict], name, description, evidence]], 1, { colWidths, wordWrap: true }).join("\n");
}

/** @returns what follows the table: each cause and the command to look further, and the sum. */
export function conclusion({ checks, causes, seconds }: Report): string {
  const count = (verdict: Result["verdict"]) => checks.filter((result) => result.verdict === verdict).length;
  const lines = causes.flatMap(({ check, cause, next }) => ["", `${check}: ${cause}`, `  look further: ${next}`]);
  const parts = (["pass", "fail", "blocked", "skip"] as const)
    .filter((verdict) => count(verdict) > 0)
    .map((verdict) => `${count(verdict)} ${marks[verdict]}`);
  return [...lines, "", `${parts.join(", ")} in ${seconds} s`].join("\n");
}

/** @returns the report in the XML that CI systems read. */
export function junit({ checks, seconds }: Report): string {
  const failed = checks.filter(({ verdict }) => verdict === "fail" || verdict === "blocked");
  const skipped = checks.filter(({ verdict }) => verdict === "skip");
  const cases = checks.map((result) => {
    const { name, description, evidence, cause, next, ms } = result;
    const inner = {
      pass: `<system-out>${escapeXml(evidence)}</system-out>`,
      skip: `<skipped message="${escapeXml(evidence)}"/>`,
      blocked: `<failure type="blocked" message="${escapeXml(evidence)}"/>`,
      fail: `<failure message="${escapeXml(cause ?? "")}">${escapeXml(`${evidence}\nlook further: ${next}`)}</failure>`,
    }[result.verdict];
    return `    <testcase classname="verify" name="${escapeXml(`${name}: ${description}`)}" time="${ms / 1000}">${inner}</testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    "<testsuites>",
    `  <testsuite name="verify" tests="${checks.length}" failures="${failed.length}" skipped="${skipped.length}" time="${seconds}">`,
    ...cases,
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function escapeXml(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return (
    text
      .replace(/[&<>"]/g, (character) => entities[character]!)
      // XML knows no control characters but tab and line ends.
      // eslint-disable-next-line no-control-regex
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "")
  );
}

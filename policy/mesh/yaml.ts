/**
 * Reads one YAML document into plain values. Manifests are nearly always written in a small part of YAML: block
 * mappings and sequences, plain and quoted scalars, literal blocks, and flow collections on one line. That part is read
 * here in one pass, because the checks are to cost less than starting the program; whatever lies outside it (anchors,
 * tags, folded or multi-line scalars, and anything malformed) goes to the `yaml` package, which also words the errors.
 */
import type * as Yaml from "yaml";

/** What reading a document came to: its value, or the error and the line (from 1, in the file) it stands on. */
export type Parsed = { value: unknown } | { error: string; line: number };

/** A document beyond this many characters that needs the full parser is refused: it would take gigabytes of memory. */
export const fullParserLimit = 8 * 1024 * 1024;

/** How many aliases the full parser may resolve in one document before it is taken for an attack. */
const maxAliases = 100;

/** How deep collections may be nested. */
const maxDepth = 1000;

class OutsideSubset extends Error {}

const outside = new OutsideSubset("outside the subset");

const TAB = 9;
const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const HASH = 35;
const DASH = 45;
const COLON = 58;

const int = /^[-+]?\d+$/;
const float = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;
const oddNumber = /^(?:0[ox]|[-+]?\.(?:inf|nan)$)/i;

function plain(text: string): unknown {
  const first = text.charCodeAt(0);
  // Digits, signs and dots may start a number; n, t, f and ~ may start a keyword; nothing else needs a look.
  if ((first >= 48 && first <= 57) || first === 43 || first === DASH || first === 46) {
    if (int.test(text) || float.test(text)) {
      return Number(text);
    }
    if (oddNumber.test(text)) {
      throw outside;
    }
    return text;
  }
  switch (text) {
    case "true":
    case "True":
    case "TRUE":
      return true;
    case "false":
    case "False":
    case "FALSE":
      return false;
    case "null":
    case "Null":
    case "NULL":
    case "~":
      return null;
    default:
      return text;
  }
}

/** The lines (from 0, in the document) on which the keys of a mapping, or the items of a sequence, stand. */
type Lines = Map<object, Map<string | number, number>>;

class Reader {
  private i = 0;
  private col = 0;
  private line = 0;

  constructor(
    private readonly s: string,
    private readonly lines?: Lines,
  ) {}

  document(): unknown {
    this.toToken();
    if (this.i >= this.s.length) {
      return undefined;
    }
    const value = this.block(-1);
    if (this.i < this.s.length) {
      throw outside;
    }
    return value;
  }

  private mark(container: object, key: string | number): void {
    if (this.lines !== undefined) {
      let known = this.lines.get(container);
      if (known === undefined) {
        known = new Map();
        this.lines.set(container, known);
      }
      known.set(key, this.line);
    }
  }

  /** From the start of a line, moves to the next line that holds something other than blanks and a comment. */
  private toToken(): void {
    const { s } = this;
    for (;;) {
      const start = this.i;
      while (s.charCodeAt(this.i) === SPACE) {
        this.i++;
      }
      const c = s.charCodeAt(this.i);
      if (c === NEWLINE || c === RETURN || c === HASH) {
        const end = s.indexOf("\n", this.i);
        if (end < 0) {
          this.i = s.length;
          return;
        }
        this.i = end + 1;
        this.line++;
      } else if (c === TAB) {
        throw outside;
      } else {
        this.col = this.i - start;
        return;
      }
    }
  }

  private isDash(): boolean {
    if (this.s.charCodeAt(this.i) !== DASH) {
      return false;
    }
    const c = this.s.charCodeAt(this.i + 1);
    return c === SPACE || c === NEWLINE || c === RETURN || Number.isNaN(c);
  }

  private block(parent: number): unknown {
    if (this.col <= parent) {
      return null;
    }
    return this.isDash() ? this.sequence(this.col) : this.mapping(this.col);
  }

  private sequence(indent: number): unknown[] {
    const { s } = this;
    const items: unknown[] = [];
    while (this.i < s.length && this.col === indent && this.isDash()) {
      this.mark(items, items.length);
      let at = this.i + 1;
      while (s.charCodeAt(at) === SPACE) {
        at++;
      }
      const c = s.charCodeAt(at);
      if (c === NEWLINE || c === RETURN || c === HASH || Number.isNaN(c)) {
        this.toNextLine(at);
        items.push(this.i < s.length ? this.block(indent) : null);
        continue;
      }
      this.col += at - this.i;
      this.i = at;
      if (this.isDash()) {
        items.push(this.sequence(this.col));
      } else if (this.keyEnd() >= 0) {
        items.push(this.mapping(this.col));
      } else {
        items.push(this.scalar(indent));
      }
    }
    if (this.i < s.length && this.col > indent) {
      throw outside;
    }
    return items;
  }

  /** Where the key that starts here ends (its colon), or -1 where no key starts here. */
  private keyEnd(): number {
    const { s } = this;
    let at = this.i;
    const quote = s[at];
    if (quote === '"' || quote === "'") {
      at = s.indexOf(quote, at + 1);
      return at > 0 && s.charCodeAt(at + 1) === COLON && !s.slice(this.i, at).includes("\n") ? at + 1 : -1;
    }
    if (quote === "{" || quote === "[") {
      return -1;
    }
    for (; at < s.length; at++) {
      const c = s.charCodeAt(at);
      if (c === NEWLINE) {
        return -1;
      }
      if (c === COLON) {
        const next = s.charCodeAt(at + 1);
        if (next === SPACE || next === NEWLINE || next === RETURN || Number.isNaN(next)) {
          return at;
        }
      } else if (c === HASH && s.charCodeAt(at - 1) === SPACE) {
        return -1;
      }
    }
    return -1;
  }

  private key(end: number): string {
    const { s } = this;
    const quote = s[this.i];
    if (quote === '"' || quote === "'") {
      const text = s.slice(this.i + 1, end - 1);
      if (text.includes("\\") || text.includes(quote)) {
        throw outside;
      }
      return text;
    }
    let text = s.slice(this.i, end);
    if (text.charCodeAt(text.length - 1) === SPACE) {
      text = text.trimEnd();
    }
    if (text === "" || "?&*!|>%@`{}[],<#".includes(text[0]!) || text === "__proto__") {
      throw outside;
    }
    return text;
  }

  private mapping(indent: number): Record<string, unknown> {
    const { s } = this;
    const map: Record<string, unknown> = {};
    while (this.i < s.length && this.col === indent) {
      if (this.isDash()) {
        throw outside;
      }
      const end = this.keyEnd();
      if (end < 0) {
        throw outside;
      }
      const key = this.key(end);
      if (Object.hasOwn(map, key)) {
        throw outside;
      }
      this.mark(map, key);
      let at = end + 1;
      while (s.charCodeAt(at) === SPACE) {
        at++;
      }
      const c = s.charCodeAt(at);
      if (c === NEWLINE || c === RETURN || Number.isNaN(c) || (c === HASH && at > end + 1)) {
        this.toNextLine(at);
        if (this.i >= s.length) {
          map[key] = null;
        } else if (this.col === indent && this.isDash()) {
          // A sequence may stand at the indentation of the key that it belongs to.
          map[key] = this.sequence(indent);
        } else {
          map[key] = this.block(indent);
        }
      } else {
        this.i = at;
        map[key] = this.scalar(indent);
      }
    }
    if (this.i < s.length && this.col > indent) {
      throw outside;
    }
    return map;
  }

  private toNextLine(at: number): void {
    const end = this.s.indexOf("\n", at);
    if (end < 0) {
      this.i = this.s.length;
      return;
    }
    this.i = end + 1;
    this.line++;
    this.toToken();
  }

  /** Reads the value that starts here and moves to the next token, which has to stand no deeper than `indent`. */
  private scalar(indent: number): unknown {
    const { s } = this;
    const first = s[this.i]!;
    let value: unknown;
    if (first === "|") {
      return this.literal(indent);
    }
    if (first === '"' || first === "'" || first === "{" || first === "[") {
      value = first === "{" || first === "[" ? this.flow() : this.quoted();
      this.toEndOfLine();
    } else if ("&*!>%@`]},?#".includes(first)) {
      throw outside;
    } else {
      let end = s.indexOf("\n", this.i);
      if (end < 0) {
        end = s.length;
      }
      let text = s.slice(this.i, end);
      const comment = text.indexOf(" #");
      if (comment >= 0) {
        text = text.slice(0, comment);
      }
      text = text.trimEnd();
      if (text.includes(": ") || text.endsWith(":") || text.includes("\t")) {
        throw outside;
      }
      value = plain(text);
      this.toNextLine(end);
    }
    if (this.i < s.length && this.col > indent) {
      throw outside;
    }
    return value;
  }

  /** After a quoted or a flow value: only blanks and a comment may follow on its line. */
  private toEndOfLine(): void {
    const { s } = this;
    let at = this.i;
    while (s.charCodeAt(at) === SPACE || s.charCodeAt(at) === RETURN) {
      at++;
    }
    const c = s.charCodeAt(at);
    if (c !== NEWLINE && !Number.isNaN(c) && !(c === HASH && at > this.i)) {
      throw outside;
    }
    this.toNextLine(at);
  }

  private quoted(): string {
    const { s } = this;
    const quote = s[this.i]!;
    const end = s.indexOf(quote, this.i + 1);
    const text = end < 0 ? "\n" : s.slice(this.i + 1, end);
    if (text.includes("\n") || text.includes("\\") || s[end + 1] === quote) {
      throw outside;
    }
    this.i = end + 1;
    return text;
  }

  private blanks(): void {
    while (this.s.charCodeAt(this.i) === SPACE) {
      this.i++;
    }
  }

  /** A flow collection on one line, of plain words and quoted strings. */
  private flow(): unknown {
    const { s } = this;
    const first = s[this.i]!;
    if (first === '"' || first === "'") {
      return this.quoted();
    }
    if (first !== "{" && first !== "[") {
      const start = this.i;
      while (this.i < s.length && !",[]{}\n#".includes(s[this.i]!) && !this.atFlowColon()) {
        this.i++;
      }
      const text = s.slice(start, this.i).trim();
      if (text === "" || "&*!|>%@`?".includes(text[0]!)) {
        throw outside;
      }
      return plain(text);
    }
    const close = first === "{" ? "}" : "]";
    const items: unknown[] = [];
    const map: Record<string, unknown> = {};
    this.i++;
    this.blanks();
    while (s[this.i] !== close) {
      const item = this.flow();
      this.blanks();
      if (first === "{") {
        if (!this.atFlowColon() || typeof item !== "string" || item === "__proto__" || Object.hasOwn(map, item)) {
          throw outside;
        }
        this.i++;
        this.blanks();
        this.mark(map, item);
        map[item] = this.flow();
        this.blanks();
      } else {
        this.mark(items, items.length);
        items.push(item);
      }
      if (s[this.i] === ",") {
        this.i++;
        this.blanks();
      } else if (s[this.i] !== close) {
        throw outside;
      }
    }
    this.i++;
    return first === "{" ? map : items;
  }

  private atFlowColon(): boolean {
    return this.s.charCodeAt(this.i) === COLON && this.s.charCodeAt(this.i + 1) === SPACE;
  }

  /** A literal block: the lines that stand deeper than `indent`, less the indentation of the first. */
  private literal(indent: number): string {
    const { s } = this;
    const headEnd = s.indexOf("\n", this.i);
    const head = s.slice(this.i, headEnd < 0 ? s.length : headEnd).trimEnd();
    if (head !== "|" && head !== "|-" && head !== "|+") {
      throw outside;
    }
    const lines: string[] = [];
    let depth = -1;
    let at = headEnd < 0 ? s.length : headEnd + 1;
    let atLine = this.line + 1;
    while (at < s.length) {
      let end = s.indexOf("\n", at);
      if (end < 0) {
        end = s.length;
      }
      let text = s.slice(at, end);
      if (text.endsWith("\r")) {
        text = text.slice(0, -1);
      }
      const lead = text.length - text.trimStart().length;
      const blank = lead === text.length;
      if (!blank) {
        if (text.slice(0, lead).includes("\t") || (depth >= 0 && lead < depth && lead > indent)) {
          throw outside;
        }
        if (lead <= indent) {
          break;
        }
        depth = depth < 0 ? lead : depth;
      } else if (depth < 0 && text.length > 0) {
        throw outside;
      }
      lines.push(blank ? text.slice(Math.max(depth, 0)) : text.slice(depth));
      at = end + 1;
      atLine++;
    }
    this.i = Math.min(at, s.length);
    this.line = atLine;
    this.toToken();
    if (this.i < s.length && this.col > indent) {
      throw outside;
    }
    let trailing = 0;
    while (trailing < lines.length && lines[lines.length - 1 - trailing] === "") {
      trailing++;
    }
    const body = lines.slice(0, lines.length - trailing).join("\n");
    if (head === "|+") {
      throw outside;
    }
    return body === "" || head === "|-" ? body : body + "\n";
  }
}

function fullParser(): typeof Yaml {
  // Loading the package takes longer than a whole check of a small mesh, so it waits for the document that needs it.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require("yaml") as typeof Yaml;
}

/** Whether flow collections are nested beyond anything that a manifest needs; the full parser takes hours for that. */
function isNestedTooDeeply(text: string): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === "[" || c === "{") {
      if (++depth > maxDepth) {
        return true;
      }
    } else if (c === "]" || c === "}") {
      depth--;
    }
  }
  return false;
}

function parseFully(text: string, startLine: number): Parsed {
  if (isNestedTooDeeply(text)) {
    return { error: "nested too deeply", line: startLine };
  }
  if (text.length > fullParserLimit) {
    const size = `${Math.round(text.length / 1024 / 1024)} MB`;
    const error = `a document of ${size} with anchors, tags or an error in it: split it into smaller documents`;
    return { error, line: startLine };
  }
  const yaml = fullParser();
  const lineCounter = new yaml.LineCounter();
  const doc = yaml.parseDocument(text, { lineCounter, prettyErrors: false, logLevel: "silent", merge: true });
  const [problem] = doc.errors;
  if (problem !== undefined) {
    return { error: problem.message, line: startLine + lineCounter.linePos(problem.pos[0]).line - 1 };
  }
  try {
    return { value: doc.toJS({ maxAliasCount: maxAliases }) as unknown };
  } catch (error) {
    return { error: (error as Error).message, line: startLine };
  }
}

/**
 * Reads the text of one document.
 *
 * @param text The document, without the `---` line before it.
 * @param startLine The line of the file (from 1) on which the text starts, for errors.
 */
export function parse(text: string, startLine = 1): Parsed {
  try {
    return { value: new Reader(text).document() };
  } catch (error) {
    if (!(error instanceof OutsideSubset) && !(error instanceof RangeError)) {
      throw error;
    }
    try {
      return parseFully(text, startLine);
    } catch (nested) {
      if (nested instanceof RangeError) {
        return { error: "nested too deeply", line: startLine };
      }
      throw nested;
    }
  }
}

/** The document whose lines were asked for last: findings come document by document. */
let lastRead: { text: string; lines: Lines; value: unknown; first: number } | undefined;

/**
 * The line of the file on which a field of a document stands: the deepest part of the path that is there. It is worked
 * out by reading the document once more, since only findings need it.
 *
 * @param text The document.
 * @param startLine The line of the file (from 1) on which the text starts.
 * @param path The keys and indices that lead to the field.
 */
export function lineOf(text: string, startLine: number, path: readonly (string | number)[]): number {
  try {
    if (lastRead?.text !== text) {
      const lines: Lines = new Map();
      const value = new Reader(text, lines).document();
      const first = text.split("\n").findIndex((l) => l.trim() !== "" && !l.trim().startsWith("#"));
      lastRead = { text, lines, value, first };
    }
    const { lines, first } = lastRead;
    let value = lastRead.value;
    let line = first;
    for (const step of path) {
      const known = typeof value === "object" && value !== null ? lines.get(value)?.get(step) : undefined;
      if (known === undefined) {
        break;
      }
      line = known;
      value = (value as Record<string | number, unknown>)[step];
    }
    return startLine + Math.max(line, 0);
  } catch {
    return lineFully(text, startLine, path);
  }
}

function lineFully(text: string, startLine: number, path: readonly (string | number)[]): number {
  const yaml = fullParser();
  const lineCounter = new yaml.LineCounter();
  const doc = yaml.parseDocument(text, { lineCounter, prettyErrors: false, logLevel: "silent" });
  for (let depth = path.length; depth > 0; depth--) {
    const parent = depth === 1 ? doc.contents : doc.getIn(path.slice(0, depth - 1), true);
    const step = path[depth - 1]!;
    const node = yaml.isMap(parent)
      ? parent.items.find((pair) => yaml.isScalar(pair.key) && pair.key.value === step)?.key
      : yaml.isSeq(parent)
        ? parent.items[Number(step)]
        : undefined;
    if (yaml.isNode(node) && node.range) {
      return startLine + lineCounter.linePos(node.range[0]).line - 1;
    }
  }
  return startLine + (doc.contents?.range ? lineCounter.linePos(doc.contents.range[0]).line - 1 : 0);
}

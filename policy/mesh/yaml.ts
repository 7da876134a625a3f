/**
 * Reads YAML and JSON into plain values, and finds the lines of fields. js-yaml does both: it reads as go-yaml does.
 */
import {
  constructFromEvents,
  CORE_SCHEMA,
  EVENT_ID,
  mergeTag,
  parseEvents,
  YAMLException,
  getScalarValue,
  type Event,
} from "js-yaml";

/** What reading a document came to: its value, or the error and the line (from 1, in the file) it stands on. */
export type Parsed = { value: unknown } | { error: string; line: number };

/** The deepest nesting of collections. Definitions of custom resources need about 60. */
const maxDepth = 400;
/** The most values of one document that has aliases: aliases of aliases multiply what the rules walk through. */
const maxValues = 1_000_000;
/** Deeper than anything in a manifest. */
const indentation = " ".repeat(80);
const schema = CORE_SCHEMA.withTags(mergeTag);

function linesBefore(text: string, offset: number): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) {
    count++;
  }
  return count;
}

/**
 * The events of a text. go-yaml, and so kubectl, takes quoted texts and flow collections that go on at any indentation;
 * the specification of YAML, and so js-yaml, wants them indented. Such lines are indented, and the text is read again.
 */
function eventsOf(text: string): { text: string; events: Event[] } {
  for (let source = text; ;) {
    try {
      return { text: source, events: parseEvents(source, { maxDepth }) };
    } catch (error) {
      const line = error instanceof YAMLException && error.reason === "deficient indentation" ? error.mark?.line : 0;
      const lines = source.split("\n");
      if (!line || lines[line]!.startsWith(indentation)) {
        throw error;
      }
      lines[line] = indentation + lines[line]!;
      source = lines.join("\n");
    }
  }
}

/** How many values a value holds, itself included, where each alias counts as what it stands for. */
function countValues(value: unknown, counted = new Map<object, number>()): number {
  if (typeof value !== "object" || value === null) {
    return 1;
  }
  const before = counted.get(value);
  if (before !== undefined) {
    return before;
  }
  // An alias inside of its own anchor has no end.
  counted.set(value, Infinity);
  const count = Object.values(value).reduce<number>((sum, one) => sum + countValues(one, counted), 1);
  counted.set(value, count);
  return count;
}

/**
 * Reads one document.
 *
 * @param text YAML, or JSON of any size. An empty document has the value undefined.
 * @param startLine The line of the file, from 1, on which the text starts.
 */
export function parse(text: string, startLine = 1): Parsed {
  if (/^\s*[{[]/.test(text)) {
    try {
      return { value: JSON.parse(text) as unknown };
    } catch {
      // YAML in flow style, or a mistake that the YAML parser gives a line for.
    }
  }
  try {
    const read = eventsOf(text);
    const [value] = constructFromEvents(read.events, { source: read.text, schema });
    if (read.events.some(({ type }) => type === EVENT_ID.ALIAS) && countValues(value) > maxValues) {
      return { error: `its aliases multiply to more than ${maxValues} values`, line: startLine };
    }
    return { value };
  } catch (error) {
    if (!(error instanceof YAMLException)) {
      throw error;
    }
    return { error: error.reason, line: startLine + (error.mark?.line ?? 0) };
  }
}

/** A position in a document: where a node starts, and where its children are in the list of events. */
class Cursor {
  at = 0;
  constructor(
    readonly text: string,
    readonly events: readonly Event[],
  ) {}

  /** The offset of the node at the cursor. */
  start(): number {
    const event = this.events[this.at]!;
    switch (event.type) {
      case EVENT_ID.SCALAR:
        return event.valueStart;
      case EVENT_ID.SEQUENCE:
      case EVENT_ID.MAPPING:
        return event.start;
      case EVENT_ID.ALIAS:
        return event.anchorStart;
      default:
        return 0;
    }
  }

  /** Moves past the node at the cursor. */
  skip(): void {
    let depth = 0;
    do {
      const { type } = this.events[this.at++]!;
      depth += type === EVENT_ID.SEQUENCE || type === EVENT_ID.MAPPING ? 1 : type === EVENT_ID.POP ? -1 : 0;
    } while (depth > 0);
  }

  /**
   * Moves to a child of the node at the cursor and gives its offset, or that of its key; undefined where it has none.
   */
  enter(step: string | number): number | undefined {
    const { type } = this.events[this.at]!;
    if (type !== EVENT_ID.SEQUENCE && type !== EVENT_ID.MAPPING) {
      return undefined;
    }
    this.at++;
    for (let index = 0; this.events[this.at]!.type !== EVENT_ID.POP; index++) {
      const event = this.events[this.at]!;
      const offset = this.start();
      if (type === EVENT_ID.SEQUENCE) {
        if (index === step) {
          return offset;
        }
      } else {
        const found = event.type === EVENT_ID.SCALAR && getScalarValue(this.text, event) === String(step);
        this.skip();
        if (found) {
          return offset;
        }
      }
      this.skip();
    }
    return undefined;
  }
}

/** The last document that was read: findings come in the order of documents. */
let last: { of: string; text: string; events: readonly Event[] } | undefined;

/**
 * The line (from 1, in the file) of a field. Where the path leads further than the document, it is the line of the
 * deepest part that is there.
 *
 * @param startLine The line of the file on which the text starts.
 */
export function lineOf(text: string, startLine: number, path: readonly (string | number)[]): number {
  try {
    if (last?.of !== text) {
      last = { of: text, ...eventsOf(text) };
    }
  } catch {
    return startLine;
  }
  const cursor = new Cursor(last.text, last.events);
  cursor.at = 1;
  if (last.events.length < 2) {
    return startLine;
  }
  let offset = cursor.start();
  for (const step of path) {
    const next = cursor.enter(step);
    if (next === undefined) {
      break;
    }
    offset = next;
  }
  return startLine + linesBefore(last.text, offset);
}

/** What a service writes to files, for its pods' log scraper to read. */
export interface LogFiles {
  /**
   * Folder that the application writes to, as an absolute path; it is empty when a pod starts, and shared with the
   * scraper.
   */
  folder: string;
  /** Names of the files in it, with `*` for any letters. Default `*.log`. */
  files?: string;
}

/** Where the scraper and the rotation see the folder, and the names of files that a rotation put aside. */
export const applicationLogs = { folder: "/var/log/application", volume: "application-log", aside: ".old" } as const;

/** Container that rotates the files; it sees the folder, and has a shell. */
export const applicationRotator = "application-log-rotator";

/** Size at which a file of an application is put aside, in MiB. */
export const applicationFileMiB = 16;

/**
 * Room that all files of an application have together, those put aside among them, in MiB; beyond it the oldest go,
 * read or not.
 */
export const applicationKeptMiB = 4 * applicationFileMiB;

/**
 * Size of the volume, in MiB: a pod that takes more is evicted. To what is kept come the copy that a rotation makes,
 * and what is written between two looks a second apart.
 */
export const applicationFolderMiB = applicationKeptMiB + 2 * applicationFileMiB;

/** Variable of the scraper with the names of the files. */
export const logFilesVariable = "LOG_FILES";

/** Names of files that are read unless a service says otherwise. */
export const defaultLogFiles = "*.log";

/** @returns whether a text can be `files` of {@link LogFiles}: one name, without a folder. */
export function isFilePattern(value: string): boolean {
  return /^[\w.*-]+$/.test(value) && !value.includes("..");
}

/**
 * Where an entry of several lines starts, for an expression without lookahead: at a letter that is no blank, but not at
 * `Caused by` and `... 5 more` of a stack trace. Lines that are indented belong to the one before.
 */
const entryStart = String.raw`^(?:[^\sC.]|C[^a\s]|Ca[^u\s]|\.[^.\s])`;

const severities = "trace|debug|info|notice|warn|warning|error|err|critical|fatal|panic";

/** Names that loggers give the severity and the trace id in JSON. */
const severityKeys = ["level", "severity", "lvl"];
const traceKeys = ["trace_id", "traceId", "traceID", "traceid"];

/**
 * @returns the Collector's receiver for what an application writes: JSON and plain lines. Severity and trace id are
 * taken from a line where it has one; the line itself stays as it is.
 */
export function applicationLogReceiver(): Record<string, unknown> {
  const parsed = "attributes.line";
  const quiet = { on_error: "send_quiet" };
  const from = (key: string) => `${parsed}.${key}`;
  const has = (key: string) => `${parsed} != nil and ${parsed}.${key} != nil`;
  return {
    include: [
      `${applicationLogs.folder}/\${env:${logFilesVariable}}`,
      `${applicationLogs.folder}/*${applicationLogs.aside}`,
    ],
    include_file_name: true,
    multiline: { line_start_pattern: entryStart },
    operators: [
      { type: "json_parser", if: 'body startsWith "{"', parse_to: parsed, ...quiet },
      {
        type: "regex_parser",
        if: `${parsed} == nil`,
        regex: `(?i)\\b(?P<level>${severities})\\b`,
        parse_to: parsed,
        ...quiet,
      },
      {
        type: "regex_parser",
        if: 'not (body startsWith "{")',
        regex: "(?i)trace_?id[\"']?[=: ]+[\"']?(?P<trace_id>[0-9a-f]{32})",
        parse_to: "attributes.traced",
        ...quiet,
      },
      ...severityKeys.map((key) => ({ type: "severity_parser", if: has(key), parse_from: from(key), ...quiet })),
      ...traceKeys.map((key) => ({
        type: "trace_parser",
        if: has(key),
        trace_id: { parse_from: from(key) },
        ...quiet,
      })),
      {
        type: "trace_parser",
        if: "attributes.traced != nil",
        trace_id: { parse_from: "attributes.traced.trace_id" },
        ...quiet,
      },
      { type: "remove", if: `${parsed} != nil`, field: parsed, ...quiet },
      { type: "remove", if: "attributes.traced != nil", field: "attributes.traced", ...quiet },
    ],
  };
}

import { exposedPath } from "../../components/observability/endpoints";
import { installedTracing, tracingBackendNames } from "../../components/observability/tracing";
import type { Span } from "../../components/observability/tracing/tracingBackend";
import { defineCommand } from "../shared/defineCommand";
import { flagsHelp, parseFlags, UsageError } from "../shared/flags";
import { withContext } from "../session/meshContext";
import { openSession } from "../session/session";
import { logLines, spanLines } from "./traceText";
import type { LogLine } from "./traceText";
import { logStreams, readTrace, until } from "../verify/backends";
import type { Context } from "../verify/check";
import { callJourney, newTrace } from "../verify/checks/traces";
import { openRoutes } from "../verify/gatewayRoute";

const help = `npm run trace -- [flags]

Sends one request through the gateway, and shows its way: the spans of each proxy from the tracing backend, and the log lines of that
trace from Loki, each with the link to the trace (npm run dashboards opens the page that it leads to).

      --path PATH         Path to request (default: a path by which one service calls another, else the first service's)
${flagsHelp}`;

/** Seconds until spans and lines have to be there, and in which no more of them came. */
const limits = { seconds: 20, quiet: 3 };

/** @returns what was found, once it has not grown for a while: nothing says that a trace is complete. */
async function settled<T>(ask: () => Promise<T[]>): Promise<T[]> {
  let last: T[] = [];
  let since = Date.now();
  await until(limits.seconds, async () => {
    const now = await ask();
    if (now.length !== last.length) {
      [last, since] = [now, Date.now()];
    }
    return last.length > 0 && Date.now() - since > limits.quiet * 1000 ? last : undefined;
  });
  return last;
}

async function linesOf(context: Context, id: string): Promise<LogLine[]> {
  const found = await logStreams(context, `{service_name=~".+"} | trace_id="${id}"`);
  return found.map(({ labels, line }) => ({
    service: labels.service_name ?? "unknown",
    source: labels.log_source ?? "log",
    text: line,
  }));
}

/** @returns the path that is asked for. @throws UsageError if there is none. */
function pathOf(context: Context, asked: string | undefined): string {
  const path = asked ?? callJourney(context.declared.services)?.path ?? openRoutes(context)[0]?.path;
  if (path?.startsWith("/") !== true) {
    throw new UsageError(
      path === undefined
        ? "no service has a path on the gateway that is open without a token; give one a path, or use --path PATH"
        : `--path ${path}: start with /`,
    );
  }
  return path;
}

/** @returns the context, with the gateway's address. @throws Error if there is none, or no tracing backend. */
function traceable(context: Context) {
  const { declared, gatewayUrl } = context;
  if (gatewayUrl === undefined) {
    throw new Error("the gateway's address is not known; set gatewayAddress, and run npm start");
  }
  const backend = installedTracing(declared.tracing.kind);
  if (!backend) {
    throw new Error(
      `the stack installs no tracing backend: tracingBackend is ${declared.tracing.kind}; set it to ${tracingBackendNames.join(" or ")}`,
    );
  }
  return { ...context, gatewayUrl, backend };
}

/** Sends the request, and shows what it left. */
async function follow(context: ReturnType<typeof traceable>, path: string, out: (line: string) => void) {
  const { backend } = context;
  const { id, header } = newTrace();
  const { status, body, ms, error } = await context.http.get(context.gatewayUrl + path, header);
  out(`${context.gatewayUrl}${path}: ${error ?? `HTTP ${status}, ${body.trim().slice(0, 80)}`}, ${ms.toFixed(0)} ms`);

  const spans: Span[] = await settled(() => readTrace(context, backend, id));
  if (spans.length === 0) {
    throw new Error(
      `${backend.title} has no trace ${id} after ${limits.seconds} s; npm run verify -- --only traces says why`,
    );
  }
  const base = context.declared.dashboardsExposed ? exposedPath(backend.name) : "";
  const link = `http://localhost:${backend.page.port.port}${backend.pagePath(id, base)}`;
  out(`\ntrace ${link}\n\n${spanLines(spans).join("\n")}`);

  const lines = context.declared.logs.kind === "loki" ? await settled(() => linesOf(context, id)) : [];
  out(`\n${lines.length > 0 ? logLines(lines, link).join("\n") : "no log lines: Loki has none of this trace"}`);
  return { id, link, status, spans: spans.length, lines: lines.length };
}

/** Parses the command line. @throws UsageError as {@link parseFlags} does. */
function parseTraceFlags(argv: readonly string[]) {
  return parseFlags(argv, { path: { type: "string" } });
}

/** `npm run trace`. */
export const command = defineCommand(
  __filename,
  help,
  async (flags, log) => {
    const session = await openSession(flags, log, { start: false });
    return withContext(session, log, (context) =>
      follow(traceable(context), pathOf(context, flags.path), flags.json ? log : console.log),
    );
  },
  parseTraceFlags,
);

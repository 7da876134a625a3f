import { nearest } from "../../common/nearest";
import { defineCommand } from "../shared/defineCommand";
import { flagsHelp, parseFlags, UsageError } from "../shared/flags";
import { withContext } from "../session/meshContext";
import { openSession } from "../session/session";
import { lokiSource, proxySource } from "./sources";
import { tapHead, tapLine, tappedRequest } from "./tapLines";
import type { TappedRequest } from "./tapLines";

const help = `npm run tap -- SERVICE [flags]

Shows the requests to a service as they come, from its access log: caller, code, latency, path, trace id. Envoy writes a line up to ten
seconds after its request. The lines come from Loki, or from the logs of the sidecars where Loki is not part of the stack. Ends with Ctrl-C.

      --count N           End after so many requests
${flagsHelp}`;

/** Parses the command line. @throws UsageError as {@link parseFlags} does, and for a count that is no number. */
export function parseTapFlags(argv: readonly string[]) {
  const flags = parseFlags(argv, { count: { type: "string" } }, ["service"]);
  const count = flags.count === undefined ? Infinity : Number(flags.count);
  if (count !== Infinity && (!Number.isInteger(count) || count < 1)) {
    throw new UsageError(`--count ${flags.count}: use a whole number, 1 or more`);
  }
  return { ...flags, count };
}

/** @throws UsageError if the stack has no such service. */
export function requireService(service: string, names: readonly string[]): void {
  if (!names.includes(service)) {
    const near = nearest(service, names);
    const meant = near === undefined ? "" : `did you mean ${near}? `;
    throw new UsageError(`${service}: the stack has no such service; ${meant}it has ${names.join(", ")}`);
  }
}

/** `npm run tap`. */
export const command = defineCommand(
  __filename,
  help,
  async (flags, log) => {
    const session = await openSession(flags, log, { start: false });
    return withContext(session, log, async (context) => {
      const { services, logs } = context.declared;
      requireService(
        flags.service,
        services.map(({ name }) => name),
      );
      const [source, from] = logs.kind === "loki" ? [lokiSource, "Loki"] : [proxySource, "the sidecars' logs"];
      const stop = new AbortController();
      process.once("SIGINT", () => stop.abort()).once("SIGTERM", () => stop.abort());
      const requests: TappedRequest[] = [];
      const out = flags.json ? log : console.log;
      log(`requests to ${flags.service}, from ${from}; Ctrl-C ends`);
      out(tapHead);
      let shown = 0;
      const take = (text: string) => {
        const request = tappedRequest(text);
        if (request === undefined || shown >= flags.count) {
          return;
        }
        shown++;
        out(tapLine(request));
        // Without a count it may run for days.
        if (flags.count !== Infinity) {
          requests.push(request);
        }
        if (shown >= flags.count) {
          stop.abort();
        }
      };
      await source(context, flags.service, take, stop.signal);
      return { service: flags.service, shown, ...(flags.count !== Infinity && { requests }) };
    });
  },
  parseTapFlags,
);

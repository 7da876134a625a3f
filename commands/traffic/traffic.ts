import { flagsHelp, parseFlags } from "../shared/flags";
import { gatewayClient } from "../shared/httpClient";
import { defineCommand } from "../shared/defineCommand";
import { openSession } from "../session/session";
import { readOutputs } from "../session/stackOutputs";
import { drive } from "./drive";
import { mostRps, mostSeconds, trafficPlan } from "./plan";
import { progressLine, summarize, summaryText } from "./summary";
import { StatusLine } from "../../toolchain/system/statusLine";

const help = `npm run traffic -- [flags]

Sends requests from this machine through the ingress gateway, and sums up the answers by code and percentile. Ctrl-C ends it early.

      --rps NUMBER        Requests per second, at most ${mostRps} (default 10)
      --duration TIME     How long, at most ${mostSeconds / 60}m (default 30s)
      --path PATH         Path to request; may be repeated (default: each service's path in turn)
${flagsHelp}`;

const options = {
  rps: { type: "string", default: "10" },
  duration: { type: "string", default: "30s" },
  path: { type: "string", multiple: true, default: [] as string[] },
} as const;

/** Milliseconds between two lines about how it goes: on a terminal one line is written again and again. */
const everyMs = { terminal: 200, plain: 5000 };

/** `npm run traffic`. */
export const command = defineCommand(
  __filename,
  help,
  async (flags, log) => {
    const session = await openSession(flags, log, { start: false });
    const { gatewayUrl, declared } = await readOutputs(session, log);
    if (gatewayUrl === undefined) {
      throw new Error("the gateway's address is not known; set gatewayAddress, and run npm start");
    }
    const plan = trafficPlan(
      flags,
      declared.services.flatMap(({ path }) => path ?? []),
    );
    log(`${plan.rps} requests per second for ${plan.seconds} s to ${plan.paths.map((p) => gatewayUrl + p).join(", ")}`);

    const stop = new AbortController();
    process.once("SIGINT", () => stop.abort());
    const status = process.stderr.isTTY ? new StatusLine(process.stderr) : undefined;
    let shown = performance.now();
    const http = gatewayClient(declared);
    const { sent, seconds } = await drive(
      plan,
      http,
      gatewayUrl,
      (progress) => {
        if (performance.now() - shown >= (status ? everyMs.terminal : everyMs.plain)) {
          shown = performance.now();
          const line = progressLine(summarize(progress.sent, progress.seconds), plan.seconds);
          if (status) {
            status.show(line);
          } else {
            log(line);
          }
        }
      },
      stop.signal,
    );
    http.close();
    status?.hide();
    const summary = summarize(sent, seconds);
    if (!flags.json) {
      console.log(summaryText(summary));
    }
    // Answers of any code are a result; to get none at all is not.
    if (summary.ms === undefined) {
      throw new Error(`no answer from ${gatewayUrl}; run npm run verify to find the cause`);
    }
    return summary;
  },
  (argv: readonly string[]) => parseFlags(argv, options),
);

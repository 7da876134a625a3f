import { durationSeconds } from "../../components/observability/prometheusConfig";
import { callersOf } from "../../stacks/edges";
import type { Identity } from "../../stacks/declared";
import { compareEdges, edgesOf, edgesText, proposedItems, servicesYaml } from "./compareEdges";
import { usedEdges } from "./usedEdges";
import { defineCommand } from "../shared/defineCommand";
import { flagsHelp, parseFlags, UsageError } from "../shared/flags";
import { requirePrometheus, withContext } from "../session/meshContext";
import { openSession } from "../session/session";
import { readProject } from "../session/stackFiles";
import { readConfiguredStack } from "../session/stackServices";

const help = `npm run edges -- [flags]

Compares the callers that the configuration lets in (allowFrom, paths, calls) with those that Prometheus counted: edges that are
declared and never used, and edges that are used and not declared. Proposes the configuration that fits. Changes nothing.
It exits with 1 if the configuration refuses a caller that was answered so far.

      --since TIME        How far to look back, such as 30m, 6h, 7d (default: 1d)
${flagsHelp}`;

const options = { since: { type: "string", default: "1d" } } as const;

/** `npm run edges`. */
export const command = defineCommand(
  __filename,
  help,
  async (flags, log) => {
    const seconds = durationSeconds(flags.since);
    if (seconds === undefined) {
      throw new UsageError(`--since ${flags.since}: use a whole number with s, m, h, d or w, such as 6h`);
    }
    const session = await openSession(flags, log, { start: false });
    const { config, items } = readConfiguredStack(session);
    return withContext(session, log, async (context) => {
      requirePrometheus(context);
      const { namespaces, gateway, loadPerSecond } = context.declared;
      const here = {
        namespace: config.namespace,
        gateway: { namespace: namespaces.gateway, serviceAccount: gateway.name },
      };
      const services = config.services.map((service) => ({
        name: service.serviceName,
        callers: callersOf(service, here) as Identity[],
      }));
      const { edges, watchedSeconds } = await usedEdges(context, seconds);
      const names = [...services, ...context.declared.services].map(({ name }) => name);
      const compared = compareEdges({ services }, edgesOf(names, edges), config.namespace);
      const { defaultDeny } = config.security;
      const proposed = proposedItems(items, compared, config.namespace);
      const yaml = proposed && servicesYaml(`${readProject().name}:services`, proposed);

      const out = flags.json ? log : console.log;
      edgesText(compared, defaultDeny).forEach((line) => out(line));
      out(`\nPrometheus has watched for ${Math.round(watchedSeconds / 60)} minutes of the last ${flags.since}.`);
      if (loadPerSecond !== undefined) {
        out(
          "The load generator sends requests over every declared edge; loadGenerator: false shows which ones others use.",
        );
      }
      out(
        yaml === undefined
          ? "allowFrom fits what is used."
          : `\nWhat fits, for Pulumi.${session.stack}.yaml:\n\n${yaml}`,
      );
      process.exitCode = defaultDeny && compared.undeclared.length > 0 ? 1 : 0;
      return { ...compared, watchedSeconds, defaultDeny, ...(yaml !== undefined && { proposal: yaml }) };
    });
  },
  (argv: readonly string[]) => parseFlags(argv, options),
);

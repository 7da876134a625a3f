import { isGuarded } from "../../../components/guards";
import { randomBytes } from "node:crypto";
import { providers } from "../../../components/accessLog";
import type { LiveObject } from "../../../cluster/kubeClient";
import type { DeclaredService } from "../../../stacks/declared";
import { installedTracing } from "../../../components/observability/tracing";
import type { Span } from "../../../components/observability/tracing/tracingBackend";
import { readTrace, untilOfTwo } from "../backends";
import type { Check, Context, Outcome } from "../check";
import { fail, pass, skip } from "../check";
import { followedRoute } from "../gatewayRoute";
import { backendDown } from "../workloads";

/** Seconds until a trace has to be there: proxies send spans every few seconds. */
const arrivalSeconds = 15;

/** @returns a new trace id, and the header that makes a request part of that trace, sampled (W3C Trace Context). */
export function newTrace(): { id: string; header: Record<string, string> } {
  const id = randomBytes(16).toString("hex");
  return { id, header: { traceparent: `00-${id}-${randomBytes(8).toString("hex")}-01` } };
}

/** @returns who has a span in a trace. */
export function spanServices(spans: readonly Pick<Span, "service">[]): string[] {
  return [...new Set(spans.map(({ service }) => service))].sort();
}

/** A request to follow: where it is sent, and the services that it passes. */
export interface Journey {
  /** Path on the gateway. */
  path: string;
  /** Names of the services, in order. */
  services: string[];
}

/**
 * @returns the longest way of one request that is declared: a path by which one service calls another, where neither
 * fails requests on purpose or asks for a token; undefined if no service calls another.
 */
export function callJourney(services: readonly DeclaredService[]): Journey | undefined {
  const arriving = services.filter(({ fault }) => !fault?.abort);
  return arriving
    .flatMap(({ name, calls = [] }) => calls.map(({ path, service }) => ({ path, services: [name, service] })))
    .find(({ path, services: passed }) =>
      passed.every((one) => arriving.some((service) => service.name === one && !isGuarded(service, path))),
    );
}

interface TelemetrySpec {
  selector?: unknown;
  tracing?: { providers?: { name: string }[]; disableSpanReporting?: boolean }[];
}

/** @returns why proxies send no spans; undefined if they are configured to. */
export function tracingCause(
  telemetries: readonly LiveObject[],
  meshConfig: string,
  { system, kubectl }: { system: string; kubectl: string },
): { cause: string; next: string } | undefined {
  const specOf = ({ spec }: LiveObject) => (spec ?? {}) as TelemetrySpec;
  const own = telemetries.find(({ metadata }) => metadata?.namespace === system && metadata.name === "mesh-default");
  const next = `${kubectl} get telemetry -A -o yaml`;
  if (!own) {
    return {
      cause: `Telemetry ${system}/mesh-default is gone, which switches tracing on for the mesh: run npm start -- --refresh`,
      next,
    };
  }
  const off = telemetries.find(
    (one) => !specOf(one).selector && specOf(one).tracing?.some(({ disableSpanReporting }) => disableSpanReporting),
  );
  if (off) {
    return { cause: `Telemetry ${off.metadata?.namespace}/${off.metadata?.name} switches spans off`, next };
  }
  if (!specOf(own).tracing?.some(({ providers: named = [] }) => named.some(({ name }) => name === providers.tracing))) {
    return { cause: `Telemetry ${system}/mesh-default no longer names the tracer ${providers.tracing}`, next };
  }
  return meshConfig.includes(providers.tracing)
    ? undefined
    : {
        cause: `Istio's mesh config does not know the tracer ${providers.tracing} that Telemetry ${system}/mesh-default names`,
        next: `${kubectl} -n ${system} get configmap istio -o yaml`,
      };
}

async function whyNot(
  context: Context,
  { name, title }: { name: string; title: string },
  services: string[],
  expected: string[],
): Promise<{ cause: string; next: string }> {
  const { cluster, declared } = context;
  const { system, mesh, observability } = declared.namespaces;
  const telemetries = await Promise.all(
    [system, mesh].map((one) => cluster.list("telemetry.istio.io/v1", "Telemetry", one)),
  );
  const config = await cluster.find(
    "v1",
    "ConfigMap",
    system,
    declared.revision ? `istio-${declared.revision}` : "istio",
  );
  const cause = tracingCause(telemetries.flat(), config?.data?.mesh ?? "", { system, kubectl: cluster.kubectl });
  if (cause) {
    return cause;
  }
  const missing = expected.filter((one) => !services.includes(one));
  return services.length > 0
    ? {
        cause: `the trace lacks the spans of ${missing.join(", ")}: that proxy does not reach ${title}, or did not take the request for part of the trace`,
        next: `${cluster.kubectl} -n ${mesh} logs deployment/${missing[0]?.split(".")[0]} -c istio-proxy --tail 20`,
      }
    : {
        cause: `proxies are configured to send spans, but none arrive: they do not reach ${title}'s Service, or it refuses them`,
        next: `${cluster.kubectl} -n ${observability} logs statefulset/${name} --tail 20`,
      };
}

/**
 * Is a request that was just sent in the tracing backend, with the spans of the gateway and of each service that it
 * passed?
 */
export const traces: Check = {
  name: "traces",
  description: "a request's trace is in the tracing backend",
  needs: ["routes"],
  async run(context): Promise<Outcome> {
    const { cluster, declared, gatewayUrl, http } = context;
    const { observability, mesh, gateway } = declared.namespaces;
    const backend = installedTracing(declared.tracing.kind);
    if (!backend) {
      return skip(`the stack installs no tracing backend: tracingBackend is ${declared.tracing.kind}`);
    }
    const route = followedRoute(context);
    if ("verdict" in route) {
      return route;
    }
    const journey = callJourney(declared.services) ?? { path: route.path, services: [route.service.name] };
    const down = await backendDown(cluster, observability, backend.name, backend.title);
    if (down) {
      return down;
    }
    const { id, header } = newTrace();
    const expected = [
      `${declared.gateway.name}.${gateway}`,
      ...journey.services.map((service) => `${service}.${mesh}`),
    ];
    let services: string[] = [];
    const send = () => http.get(gatewayUrl! + journey.path, header);
    const { found, seconds } = await untilOfTwo(arrivalSeconds, send, async () => {
      services = spanServices(await readTrace(context, backend, id));
      return expected.every((one) => services.includes(one)) ? services : undefined;
    });
    if (found === undefined) {
      const { cause, next } = await whyNot(context, backend, services, expected);
      return fail(`trace ${id}: ${services.join(", ") || "no span"} after ${arrivalSeconds} s`, cause, next);
    }
    return pass(
      `${backend.title} has trace ${id} of ${journey.path} after ${seconds.toFixed(1)} s: ${expected.join(" -> ")}`,
    );
  },
};

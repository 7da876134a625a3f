import type { LiveObject } from "../../../cluster/kubeClient";
import { isGuarded } from "../../../components/guards";
import type { DeclaredService } from "../../../stacks/declared";
import type { Check, Context, Outcome } from "../check";
import { fail, pass, skip } from "../check";
import type { Executed } from "../cluster";
import { refOfPod, servicePods } from "../meshPods";
import { accountOf } from "../objects";
import { readWget, shell, speaker, wgetCommand } from "../wget";
import type { WgetAnswer } from "../wget";

/** Most pairs that are tried; of more services a part shows as much. */
const mostPairs = 30;

/** Times that a call is made until it is answered, and milliseconds between them. */
const tries = { times: 3, everyMs: 700 };

/** A call from one service to another, and how it ended. */
export interface Call {
  from: string;
  to: string;
  /** Whether it is declared. */
  allowed: boolean;
  /** HTTP status; undefined without an answer. */
  status?: number;
  said: string;
}

/**
 * @returns all pairs of services, the declared edges first, but those to a service that asks for a token, too: a call
 * has none.
 */
export function pairs(services: readonly DeclaredService[], namespace: string): Omit<Call, "status" | "said">[] {
  const all = services.flatMap(({ name: to, callers }) =>
    services
      .filter(({ name: from }) => from !== to)
      .map(({ name: from }) => ({
        from,
        to,
        allowed: callers.some((caller) => caller.namespace === namespace && caller.serviceAccount === from),
      })),
  );
  const guarded = services.filter((service) => isGuarded(service, "/")).map(({ name }) => name);
  const answered = all.filter(({ allowed, to }) => allowed && !guarded.includes(to));
  return [...answered, ...all.filter(({ allowed }) => !allowed)].slice(0, mostPairs);
}

interface AuthorizationPolicySpec {
  selector?: { matchLabels?: Record<string, string> };
  action?: string;
  rules?: { from?: { source?: { principals?: string[] } }[] }[];
}

/** What calls are judged by. */
export interface EdgeFacts {
  defaultDeny: boolean;
  /**
   * A caller's proxy knows only the declared services. Other calls leave it in plain text, which no service accepts.
   */
  scopedProxies: boolean;
  namespace: string;
  /** Services whose external authorizer is asked before their callers are looked at: it refuses in its own way. */
  authorized: readonly string[];
  policies: readonly LiveObject[];
}

function specOf(policy: LiveObject): AuthorizationPolicySpec {
  return policy.spec ?? {};
}

/** What {@link EdgeFacts} say of the default, for all calls. */
interface Judge extends EdgeFacts {
  /** Whether a policy refuses what no other one allows. */
  denies: boolean;
  /** Cause where no policy does. */
  noDefault: string;
  kubectl: string;
}

/** @returns whether what is declared is let through, and nothing else. */
export function judgeCalls(calls: readonly Call[], facts: EdgeFacts, kubectl: string): Outcome {
  const { defaultDeny, namespace, policies } = facts;
  const denies = policies.some((policy) => !specOf(policy).selector && !specOf(policy).rules && !specOf(policy).action);
  const noDefault = `AuthorizationPolicy ${namespace}/default-deny is gone: any workload in the mesh may call services without a policy of their own. Run npm start -- --refresh`;
  const judge = { ...facts, denies, noDefault, kubectl };
  for (const one of calls) {
    const wrong = one.allowed ? judgeDeclared(one, judge) : judgeUndeclared(one, judge);
    if (wrong) {
      return wrong;
    }
  }
  if (defaultDeny && !denies) {
    // A service with a policy of its own still refuses others; one without shows the difference.
    return fail(`no AuthorizationPolicy of ${namespace} refuses by default`, noDefault, listing(judge));
  }
  const some = (want: boolean) =>
    calls.filter(({ allowed }) => allowed === want).map(({ from, to }) => `${from} -> ${to}`);
  const refused = defaultDeny ? some(false) : [];
  return pass(
    [
      ...some(true),
      ...(refused.length > 0 ? [`refused because they are not declared: ${refused.join(", ")}`] : []),
    ].join(", "),
  );
}

/** @returns the command that lists the policies. */
function listing({ kubectl, namespace }: Judge): string {
  return `${kubectl} -n ${namespace} get authorizationpolicy -o yaml`;
}

/** @returns what is wrong with a call that is declared. */
function judgeDeclared({ from, to, status, said }: Call, judge: Judge): Outcome | undefined {
  const { namespace, policies, kubectl } = judge;
  if (status === 403) {
    const policy = policies.find((one) => specOf(one).selector?.matchLabels?.app === to && !specOf(one).action);
    return fail(
      `${from} -> ${to} is declared, and answered with 403`,
      policy
        ? `AuthorizationPolicy ${namespace}/${policy.metadata?.name} does not let ${from} in: run npm start -- --refresh`
        : `AuthorizationPolicy ${namespace}/allow-${to} is gone, so ${to} refuses every caller: run npm start -- --refresh`,
      listing(judge),
    );
  }
  return status === undefined || status >= 500
    ? fail(
        `${from} -> ${to} is declared, and ended with ${status ?? "no answer"}: ${said}`,
        `${to} does not answer ${from}: ${said || "the connection ended"}`,
        `${kubectl} -n ${namespace} logs deployment/${from} -c istio-proxy --tail 20`,
      )
    : undefined;
}

/** @returns what is wrong with a call that is not declared. */
function judgeUndeclared({ from, to, status }: Call, judge: Judge): Outcome | undefined {
  const { defaultDeny, scopedProxies, authorized, policies, denies, noDefault } = judge;
  const noAnswer = status === undefined || status >= 500;
  const refused =
    status === 403 || (scopedProxies && noAnswer) || (authorized.includes(to) && !noAnswer && status >= 300);
  return defaultDeny && !refused
    ? fail(
        `${from} -> ${to} is not declared, and answered with ${status ?? "no answer"}`,
        denies
          ? `an AuthorizationPolicy that is not declared lets ${from} call ${to}: ${policies.map(({ metadata }) => metadata?.name).join(", ")}`
          : noDefault,
        listing(judge),
      )
    : undefined;
}

async function call(context: Context, pod: LiveObject, to: DeclaredService): Promise<Executed> {
  const { namespace, name } = refOfPod(pod);
  const url = `http://${to.name}.${context.declared.namespaces.mesh}:${to.port}/`;
  return context.cluster.exec(namespace, name, shell, wgetCommand(url));
}

/**
 * Asks again after an error: a connection that a proxy closes because its configuration changed may cost one request.
 */
async function settled(ask: () => Promise<WgetAnswer>): Promise<Pick<Call, "status" | "said">> {
  for (let i = 1; ; i++) {
    const answer = await ask();
    if (i === tries.times || (answer.status !== undefined && answer.status < 500)) {
      return answer;
    }
    await new Promise((resolve) => setTimeout(resolve, tries.everyMs));
  }
}

/** May services call exactly the declared services? The calls come from the callers' own pods, with their identity. */
export const edges: Check = {
  name: "edges",
  description: "declared callers let in, others refused",
  needs: ["routes", "injected", "certificates", "workloads"],
  async run(context) {
    const { cluster, declared } = context;
    const { mesh } = declared.namespaces;
    const pods = await servicePods(context);
    const asked = pairs(declared.services, mesh).flatMap((pair) => {
      const pod = speaker(pods.get(pair.from));
      const to = declared.services.find(({ name }) => name === pair.to);
      return pod && to && accountOf(pod) === pair.from ? [{ ...pair, pod, to }] : [];
    });
    if (asked.length === 0) {
      return skip(
        declared.services.length < 2
          ? "there is only one service"
          : `no pod has the container ${shell}, which asks for it: logsBackend is none`,
      );
    }
    const calls = await Promise.all(
      asked.map(async ({ pod, to, from, allowed }) => ({
        from,
        to: to.name,
        allowed,
        ...(await settled(async () => readWget(await call(context, pod, to)))),
      })),
    );
    const policies = await cluster.list("security.istio.io/v1", "AuthorizationPolicy", mesh);
    const authorized = declared.services.filter(({ extAuthz }) => isGuarded({ extAuthz }, "/")).map(({ name }) => name);
    return judgeCalls(calls, { ...declared, namespace: mesh, authorized, policies }, cluster.kubectl);
  },
};

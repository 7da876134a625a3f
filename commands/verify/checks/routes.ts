import { isGuarded } from "../../../components/guards";
import type { DeclaredService } from "../../../stacks/declared";
import type { Answer } from "../../shared/httpClient";
import type { Check } from "../check";
import { fail, pass, skip } from "../check";
import { gatewayRoutes } from "../gatewayRoute";
import { routeCause } from "../routeCause";
import { routeFacts } from "../routeFacts";

/**
 * Times that a path is asked until the answer is right, and milliseconds between them: a change takes a moment to
 * arrive.
 */
const tries = { times: 3, everyMs: 700 };

/** @returns whether an answer to a request without a token is what the service was declared to give. */
export function isExpected(service: DeclaredService, { status, body, headers }: Answer): boolean {
  const { jwt, extAuthz, path = "/" } = service;
  const answers = status > 0 && status < 500;
  const needsToken = isGuarded({ jwt }, path);
  if (isGuarded({ extAuthz }, path)) {
    // The authorizer is asked before the token, and decides; that there is an answer shows that the way is right.
    return answers && !(needsToken && status === 200);
  }
  if (needsToken) {
    return status === 403;
  }
  if (service.fault?.abort && status === service.fault.abort.status) {
    return true;
  }
  if (service.texts === undefined) {
    // Only its image knows what it answers; to be the one who does is enough.
    return answers && headers["x-envoy-upstream-service-time"] !== undefined;
  }
  return status === 200 && service.texts.includes(body.trim());
}

/** Does each path answer with its text, and an unknown one with 404? */
export const routes: Check = {
  name: "routes",
  description: "each path answers, unknown ones do not",
  needs: ["gateway", "workloads", "certificates"],
  async run(context) {
    const { http, gatewayUrl, declared, cluster } = context;
    if (gatewayUrl === undefined) {
      return skip("the gateway's address is not known; set gatewayAddress, and run npm start");
    }
    const asked = await Promise.all(
      gatewayRoutes(context).map(async ({ service, url }) => {
        let answer: Answer;
        for (let i = 1; ; i++) {
          answer = await http.get(url);
          if (isExpected(service, answer) || i === tries.times) {
            return { service, answer };
          }
          await new Promise((resolve) => setTimeout(resolve, tries.everyMs));
        }
      }),
    );
    const wrong = asked.find(({ service, answer }) => !isExpected(service, answer));
    if (wrong) {
      const facts = await routeFacts(context);
      const { cause, next } = routeCause({ ...wrong, declared, gatewayUrl, facts, kubectl: cluster.kubectl });
      const { status, error, body } = wrong.answer;
      const seen = status === 0 ? (error ?? "no answer") : `${status} ${body.replace(/\s+/g, " ").trim().slice(0, 80)}`;
      return fail(`${wrong.service.path}: ${seen}`, cause, next);
    }
    const unknown = "/no-such-path";
    const served = declared.services.some(({ path }) => path === "/");
    const { status } = await http.get(gatewayUrl + unknown);
    if (!served && status !== 404) {
      return fail(
        `${unknown}: ${status}`,
        `a route takes paths that are not declared: a VirtualService or HTTPRoute of this namespace has a rule for everything`,
        `${cluster.kubectl} -n ${declared.namespaces.mesh} get virtualservice${declared.gateway.api === "gateway" ? ",httproute" : ""} -o yaml`,
      );
    }
    return pass(
      [...asked.map(({ service, answer }) => `${service.path} ${answer.status}`), `${unknown} ${status}`].join(", "),
    );
  },
};

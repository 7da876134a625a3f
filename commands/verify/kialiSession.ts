import type { IncomingHttpHeaders } from "node:http";
import { kialiPort } from "../../components/observability/kiali";
import type { Answer } from "../shared/httpClient";
import { askPage, pagePath } from "./backends";
import { fail, skip } from "./check";
import type { Context, Outcome } from "./check";
import { refOfPod } from "./meshPods";
import { isAlive, isReady } from "./objects";

/** Kiali's own account: it may read what Kiali shows. Kiali requires these rights of every user. */
const account = "kiali";

/** Asks Kiali's API for a path. */
export type KialiReader = (path: string) => Promise<Answer>;

/** @returns the header Cookie of a session, from the answer that started it; undefined if it started none. */
export function sessionCookie({ "set-cookie": cookies = [] }: IncomingHttpHeaders): string | undefined {
  const pairs = cookies.map((cookie) => cookie.split(";")[0]!).filter((pair) => /^[^=]+=./.test(pair));
  return pairs.length > 0 ? pairs.join("; ") : undefined;
}

/**
 * @returns a reader of Kiali's API, with a session if Kiali requires a login; a skip if no token can be made, because a
 * user who verifies may lack that right; a failure if Kiali refuses a valid token.
 */
export async function kialiReader(context: Context): Promise<KialiReader | Outcome> {
  const { cluster, declared } = context;
  if (declared.kiali?.auth !== "token") {
    return (path) => askPage(context, "kiali", path);
  }
  const { observability } = declared.namespaces;
  const made = await cluster.token(observability, account);
  if ("refused" in made) {
    return skip(
      `its graph asks for a token, and none could be made for ${observability}/${account}, so the edges were not looked at: ${made.refused}`,
    );
  }
  const pods = await cluster.list("v1", "Pod", observability);
  const pod = pods.find((one) => one.metadata?.labels?.app === "kiali" && isAlive(one) && isReady(one));
  if (!pod) {
    return skip("its graph asks for a token, and no pod of it is ready to take one");
  }
  // By a port-forward: the API server's proxy would take what is for Kiali for its own.
  const ask = (path: string, headers?: Record<string, string>, form?: Parameters<typeof cluster.inPod>[5]) =>
    cluster.inPod(observability, refOfPod(pod).name, kialiPort, pagePath(declared, "kiali", path), headers, form);
  const login = await ask(
    "/api/authenticate",
    {},
    {
      type: "application/x-www-form-urlencoded",
      body: new URLSearchParams({ token: made.token }).toString(),
    },
  );
  const cookie = login.status === 200 ? sessionCookie(login.headers) : undefined;
  return cookie === undefined
    ? fail(
        `login: ${login.error ?? `HTTP ${login.status} ${login.body.slice(0, 200)}`}`,
        `Kiali does not let in a valid token of ${observability}/${account}: it can't ask the API server whose it is, or may not read namespaces`,
        `${cluster.kubectl} -n ${observability} logs statefulset/kiali --tail 20`,
      )
    : (path) => ask(path, { cookie });
}

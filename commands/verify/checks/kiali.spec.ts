import assert from "node:assert/strict";
import type { Answer } from "../../shared/httpClient";
import type { Context, Outcome } from "../check";
import { sessionCookie } from "../kialiSession";
import { kiali } from "./pages";

const answer = (status: number, body = "", headers: Answer["headers"] = {}): Answer => ({
  status,
  body,
  headers,
  ms: 1,
});
const graph = JSON.stringify({
  elements: {
    nodes: [{ data: { id: "1", app: "gateway" } }, { data: { id: "2", app: "user" } }],
    edges: [{ data: { source: "1", target: "2" } }],
  },
});

/** A cluster with a Kiali that asks for a token. */
interface Fake {
  token?: { token: string } | { refused: string };
  login?: Answer;
}

async function run({
  token = { token: "t&1" },
  login = session,
}: Fake): Promise<{ outcome: Outcome; asked: string[] }> {
  const asked: string[] = [];
  const pod = {
    metadata: { name: "kiali-0", labels: { app: "kiali" } },
    status: { conditions: [{ type: "Ready", status: "True" }] },
  };
  const workload = {
    metadata: { name: "kiali" },
    spec: { replicas: 1, selector: { matchLabels: { app: "kiali" } } },
    status: { readyReplicas: 1 },
  };
  const inPod = (_: string, name: string, port: number, path: string, headers = {}, form?: { body: string }) => {
    if (path.endsWith("/healthz")) {
      return Promise.resolve(answer(200));
    }
    asked.push(`${name}:${port}${path} ${JSON.stringify(headers)} ${form?.body ?? ""}`.trim());
    return Promise.resolve(form ? login : answer(200, graph));
  };
  const cluster = {
    kubectl: "k",
    find: () => Promise.resolve(workload),
    list: () => Promise.resolve([pod]),
    token: () => Promise.resolve(token),
    inPod,
  };
  const declared = {
    kiali: { auth: "token" },
    namespaces: { mesh: "demo", observability: "observability" },
    gateway: { name: "gateway" },
    services: [{ name: "user", path: "/user", callers: [] }],
    dashboardsExposed: true,
  };
  return { outcome: await kiali.run({ cluster, declared } as unknown as Context), asked };
}

const session = answer(200, "{}", {
  "set-cookie": ["kiali-token-aes=abc; Path=/; HttpOnly", "kiali-token=; Max-Age=0", "kiali-token-chunks=2; Path=/"],
});

describe("Kiali that asks for a token", () => {
  it("is looked at with a session of its own account", async () => {
    const { outcome, asked } = await run({});
    assert.deepEqual(outcome, { verdict: "pass", evidence: "gateway -> user" });
    assert.equal(asked[0], "kiali-0:20001/kiali/api/authenticate {} token=t%261");
    assert.match(
      asked[1] ?? "",
      /^kiali-0:20001\/kiali\/api\/namespaces\/graph\?.* \{"cookie":"kiali-token-aes=abc; kiali-token-chunks=2"\}$/,
    );
  });

  it("is not taken for seen where no token can be made", async () => {
    const { outcome } = await run({ token: { refused: "HTTP 403 forbidden" } });
    assert.equal(outcome.verdict, "skip");
    assert.match(outcome.evidence, /edges were not looked at: HTTP 403 forbidden/);
  });

  it("fails if no login succeeds", async () => {
    for (const login of [answer(401, "token is not valid"), answer(200, "{}")]) {
      const { outcome } = await run({ login });
      assert.equal(outcome.verdict, "fail");
      assert.match(outcome.verdict === "fail" ? outcome.cause : "", /does not let in a valid token/);
    }
  });

  it("starts a session with cookies that hold something", () => {
    assert.equal(sessionCookie({}), undefined);
    assert.equal(sessionCookie({ "set-cookie": ["a=; Path=/"] }), undefined);
  });
});

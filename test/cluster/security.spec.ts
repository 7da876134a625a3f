import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { Agent, get } from "node:https";
import type { Supplies } from "../../commands/imageList";
import { statePaths } from "../../toolchain/paths";
import { isAlive } from "../../commands/verify/objects";
import { client, eventually, npm, start, tool } from "./cluster";
import type { Outputs } from "./cluster";
import { plainSecrets } from "../support/pulumi";
import { target } from "./target";

/** Asks over HTTPS. @returns what the answer says. */
function ask(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent, timeout: 5000 }, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (text: string) => (body += text));
      answer.on("end", () => resolve(body));
    }).on("error", reject);
  });
}

/** One pod more for each Deployment, so that it can be replaced; to count requests and limits every container has to name them. */
const quota = { pods: "6", "requests.cpu": "2", "requests.memory": "2Gi", "limits.memory": "8Gi" };

describe("security", () => {
  let said = "";
  let outputs: Outputs;

  before(async () => {
    ({ said, outputs } = await start(
      ...["-c", "gatewaySelfSigned=true", "-c", "networkPolicy=true"],
      ...["-c", `resourceQuota=${JSON.stringify(quota)}`],
    ));
  });

  if (target.embedded) {
    it("keeps the embedded cluster's credentials from all users but their owner", () => {
      const { kubeconfig, dockerSocket } = statePaths();
      const files = [kubeconfig, dockerSocket];
      assert.deepEqual(
        files.filter((file) => (statSync(file).mode & 0o077) !== 0),
        [],
      );
    });
  }

  it("has generated secrets in Secrets alone, and tells none", async () => {
    // What else the state marks as secret is beside a key in one object: a certificate, names.
    const generated = (await plainSecrets(target.stack)).filter((text) => text.includes("PRIVATE KEY"));
    assert.ok(generated.length > 0);
    const key = await tool(
      ...(["kubectl", "-n", "istio-ingress", "get", "secret", "gateway-self-signed", "-o"] as const),
      "jsonpath={.data.tls\\.key}",
    );
    const kinds = "configmaps,pods,deployments,statefulsets,daemonsets,services,serviceaccounts,namespaces,events";
    const open = (await tool("kubectl", "get", kinds, "-A", "-o", "json")) + said;
    const pems = [...generated, Buffer.from(key, "base64").toString()];
    for (const secret of [key, ...pems.map((pem) => pem.split("\n")[1]!)]) {
      assert.ok(secret.length > 16 && !open.includes(secret), "a secret is in the open");
    }
  });

  it("lets traffic pass beside a NetworkPolicy, to pods that a quota counts", async () => {
    const agent = new Agent({ rejectUnauthorized: false });
    for (const [name, text] of [
      ["user-service", "Hello from User Service"],
      ["payment-service", "Hello from Payment Service"],
    ] as const) {
      await eventually(async () => assert.equal((await ask(outputs.services[name]!, agent)).trim(), text));
    }
    const object = async (apiVersion: string, kind: string, name: string) =>
      client().get({ apiVersion, kind, name, namespace: "demo" });

    // A pod counts until it is gone.
    await eventually(async () => {
      const { status } = (await object("v1", "ResourceQuota", "quota")) ?? {};
      const { hard, used } = status as Record<"hard" | "used", Record<string, string>>;
      assert.deepEqual(hard, quota);
      assert.deepEqual(Object.keys(used).sort(), Object.keys(quota).sort());
      const pods = (await client().list("v1", "Pod", "demo")).filter(isAlive);
      assert.ok(pods.length >= 3 && pods.length === Number(used.pods), `${pods.length} pods, ${used.pods} counted`);
      assert.ok(
        Object.values(used).every((amount) => !/^0\D*$/.test(amount)),
        JSON.stringify(used),
      );
    });
    const { spec } = (await object("networking.k8s.io/v1", "NetworkPolicy", "mesh-only")) ?? {};
    const from = (spec?.ingress as { from?: unknown[] }[])[0]?.from;
    const gateways = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "istio-ingress" } } };
    assert.equal(JSON.stringify(from), JSON.stringify([{ podSelector: {} }, gateways]));
  });

  it("refuses pods beyond the quota", async () => {
    const scale = (replicas: number) =>
      tool("kubectl", "-n", "demo", "scale", "deployment/user-service", `--replicas=${replicas}`);
    await scale(6);
    try {
      await eventually(async () => {
        const events = await tool("kubectl", "-n", "demo", "get", "events", "--field-selector", "reason=FailedCreate");
        assert.match(events, /user-service.*exceeded quota: quota/);
      });
    } finally {
      await scale(1);
    }
  });

  it("runs the images that npm run images lists, and no other", async () => {
    const { code, stdout } = await npm("images", ...target.flags, "--json", "-c", "gatewaySelfSigned=true");
    assert.equal(code, 0);
    const { images } = JSON.parse(stdout) as Supplies;
    const pods = await client().list("v1", "Pod");
    const ours = pods.filter(({ metadata }) => /^(demo|istio-|observability)/.test(metadata?.namespace ?? ""));
    const running = ours.flatMap(({ spec }) => {
      const { containers, initContainers = [] } = spec as {
        containers: { image: string }[];
        initContainers?: { image: string }[];
      };
      return [...containers, ...initContainers].map(({ image }) => image);
    });
    assert.deepEqual([...new Set(running)].sort(), images.map(({ image }) => image).sort());
  });
});

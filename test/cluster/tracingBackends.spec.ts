import assert from "node:assert/strict";
import { installedTracing, tracingBackendNames } from "../../components/observability/tracing";
import { embeddedSettings } from "../../commands/session/embeddedConfig";
import type { Report } from "../../commands/verify/report";
import type { Outputs } from "./cluster";
import { eventually, npm, start, tool } from "./cluster";
import { target } from "./target";

/** Runs an npm script on the cluster. @returns what its last line says. */
async function answerOf<T>(script: string): Promise<T> {
  const { code, stdout, stderr } = await npm(script, ...target.flags, "--json");
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as T;
}

/** Images that the embedded cluster has, by name. */
const ownImages = JSON.parse(embeddedSettings().images ?? "{}") as Record<string, string>;

/** Names of the StatefulSets of tracing backends in the cluster. */
async function backendsThere(): Promise<string[]> {
  const found = await tool("kubectl", "-n", "observability", "get", "statefulset", "-o", "name");
  return tracingBackendNames.filter((name) => found.split("\n").includes(`statefulset.apps/${name}`));
}

// Jaeger last: the stack is brought up with another, and then changed.
for (const name of [...tracingBackendNames].reverse()) {
  const backend = installedTracing(name)!;

  describe(`tracingBackend ${name}`, function () {
    this.timeout(600_000);
    let outputs: Outputs;

    before(async function () {
      if (target.embedded && !(name in ownImages)) {
        console.log(`    left out: Pulumi.sandbox.yaml has no image of ${backend.title}; add one to the toolchain`);
        this.skip();
      }
      const settings = [`tracingBackend=${name}`, "dashboardsExposed=true", "observabilityNetworkPolicy=true"];
      ({ outputs } = await start(...settings.flatMap((setting) => ["-c", setting])));
    });

    it("is the only one there", async () => {
      assert.deepEqual(await backendsThere(), [name]);
      assert.deepEqual(
        tracingBackendNames.filter((one) => one in outputs.dashboards),
        [name],
      );
    });

    it("passes npm run verify, whose request's trace is in it", async () => {
      const { checks } = await answerOf<Report>("verify");
      const traces = checks.find((check) => check.name === "traces");
      assert.equal(traces?.verdict, "pass");
      assert.match(JSON.stringify(traces), new RegExp(`${backend.title} has trace [0-9a-f]{32} of /`));
    });

    it("shows a request by npm run trace, with the log lines of that trace, and on its page", async () => {
      const { id, link, spans, lines } = await answerOf<Record<"id" | "link" | "spans" | "lines", any>>("trace");
      // The gateway, and the sidecars of both services: of what they get and what they send.
      assert.ok(spans >= 3, `${spans} spans`);
      assert.ok(lines >= 3, `${lines} lines`);
      const { url } = outputs.dashboards[name]!;
      const { pathname } = new URL(link as string);
      const page = await fetch(outputs.gatewayUrl + pathname);
      assert.equal(page.status, 200, pathname);
      assert.match(page.headers.get("content-type")!, /text\/html/);
      const api = await fetch(url + backend.apiPath(id as string));
      assert.equal(backend.spansOf(await api.text()).length, spans);
    });

    it("is scraped by Prometheus", async () => {
      const query = `${outputs.dashboards.prometheus!.url}/api/v1/query?query=up{job="${name}"}`;
      await eventually(async () => {
        const { data } = (await (await fetch(query)).json()) as { data: { result: { value: [number, string] }[] } };
        assert.equal(data.result[0]?.value[1], "1");
      }, 60);
    });
  });
}

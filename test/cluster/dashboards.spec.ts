import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dashboardServices } from "../../components/observability/endpoints";
import { projectFolder } from "../../commands/session/stackFiles";
import type { Outputs } from "./cluster";
import { eventually, start, tool } from "./cluster";
import { assertAnswersBelow, pageQuestions as questions } from "./stack";
import { target } from "./target";

describe("dashboards", () => {
  let outputs: Outputs;

  before(async () => {
    ({ outputs } = await start("-c", "dashboardsExposed=true"));
  });

  it("answer under the gateway, where they are exposed", async () => {
    for (const [name, question] of Object.entries(questions)) {
      const url = outputs.dashboards[name]?.url;
      assert.equal(url, `${outputs.gatewayUrl}/${name}`);
      await eventually(() => assertAnswersBelow(url, question), 30);
    }
  });

  it("are opened by npm run dashboards and shown in the browser, opened again when a pod restarts, and closed with Ctrl-C", async () => {
    // Not through npm, which would be the one to get the signal.
    const args = ["--import", "tsx", "commands/dashboards/dashboards.ts", "--open", ...target.flags];
    const folder = await mkdtemp(join(tmpdir(), "browser-"));
    const shown = join(folder, "shown");
    await writeFile(join(folder, "xdg-open"), `#!/bin/sh\necho "$1" >> ${shown}\n`, { mode: 0o755 });
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, DISPLAY: ":0" };
    const child = spawn(process.execPath, args, { cwd: projectFolder, detached: true, env });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    const ended = once(child, "close") as Promise<[number | null]>;
    try {
      await eventually(() => {
        assert.match(said, /Ctrl-C closes them/);
        return Promise.resolve();
      }, 60);
      assert.match(said, /prometheus +http:\/\/localhost:9090\/prometheus +answers/);
      assert.match(said, /jaeger +http:\/\/localhost:16686\/jaeger +answers/);
      const local = (name: keyof typeof questions) => `http://localhost:${dashboardServices[name].port}/${name}`;
      await assertAnswersBelow(local("prometheus"), questions.prometheus);
      await eventually(async () => {
        const urls = (await readFile(shown, "utf8")).trim().split("\n");
        assert.ok(urls.includes(local("jaeger")) && urls.includes(local("prometheus")), urls.join(", "));
      });

      await tool("kubectl", "-n", "observability", "rollout", "restart", "statefulset/jaeger");
      await tool("kubectl", "-n", "observability", "rollout", "status", "statefulset/jaeger");
      await eventually(() => assertAnswersBelow(local("jaeger"), questions.jaeger), 30);
    } finally {
      // As a terminal does: to the whole group.
      process.kill(-child.pid!, "SIGINT");
      await rm(folder, { recursive: true });
    }
    const [code] = await ended;
    assert.equal(code, 0, said);
    await assert.rejects(fetch(`http://localhost:${dashboardServices.prometheus.port}`), "the port is closed");
  });
});

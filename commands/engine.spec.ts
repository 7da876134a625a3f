import assert from "node:assert/strict";
import { chooseEngine } from "./engine";
import type { Flags } from "./flags";
import type { PulumiCli } from "./pulumiCli";

const installed: PulumiCli = { command: "/usr/bin/pulumi", version: "v3.1.0", source: "PATH" };

async function chosen(engine: Flags["engine"], { applied = false, cli }: { applied?: boolean; cli?: PulumiCli }) {
  const said: string[] = [];
  const asked: string[] = [];
  const choice = await chooseEngine(
    { engine },
    (line) => said.push(line),
    () => Promise.resolve(asked.push("cluster")).then(() => applied),
    () => Promise.resolve(asked.push("cli")).then(() => cli),
  );
  return { choice, said: said.join("\n"), asked };
}

describe("the way of applying", () => {
  it("is the Pulumi CLI where it can be had", async () => {
    for (const engine of ["auto", "cli"] as const) {
      const { choice, said } = await chosen(engine, { cli: installed });
      assert.equal(choice, installed);
      assert.equal(said, "engine: Pulumi CLI v3.1.0 (PATH)");
    }
  });

  it("is in-process where it is asked for, and nothing is looked for", async () => {
    const { choice, said, asked } = await chosen("in-process", { cli: installed });
    assert.equal(choice, undefined);
    assert.match(said, /in-process, the fallback \(asked for\)/);
    assert.deepEqual(asked, []);
  });

  it("is in-process where there is no CLI, unless the CLI is asked for", async () => {
    const { choice, said } = await chosen("auto", {});
    assert.equal(choice, undefined);
    assert.match(said, /no Pulumi CLI can be had/);
    await assert.rejects(chosen("cli", {}), /--engine cli: there is no Pulumi CLI; install it/);
  });

  it("stays in-process for a stack that was applied so, and is refused to the CLI", async () => {
    const { choice, said } = await chosen("auto", { cli: installed, applied: true });
    assert.equal(choice, undefined);
    assert.match(said, /as this cluster's stack was applied; to change to the Pulumi CLI, npm run down comes first/);
    await assert.rejects(
      chosen("cli", { cli: installed, applied: true }),
      /--engine cli: .* applied in-process, .*; remove it first \(npm run down\), or go on with --engine in-process/,
    );
  });
});

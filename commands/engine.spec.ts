import assert from "node:assert/strict";
import { chooseEngine } from "./engine";

describe("the way of applying, where the cluster has a stack that was applied in-process", () => {
  it("stays the same unless another is asked for", async () => {
    const said: string[] = [];
    const cli = await chooseEngine({ engine: "auto" }, (line) => said.push(line), true);
    assert.equal(cli, undefined);
    assert.match(said.join("\n"), /in-process, as this cluster's stack was applied; .* npm run down comes first/);
  });

  it("can't be the Pulumi CLI", async () => {
    await assert.rejects(
      chooseEngine({ engine: "cli" }, () => undefined, true),
      /--engine cli: .* applied in-process, .*; remove it first \(npm run down\), or go on with --engine in-process/,
    );
  });
});

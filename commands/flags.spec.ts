import assert from "node:assert/strict";
import { parseFlags, UsageError } from "./flags";

describe("parseFlags", () => {
  it("knows defaults, short forms and repetition", () => {
    const flags = parseFlags(["-s", "prod", "-c", "a=1", "--config", "sidecar-mesh:b=x=y", "-y", "--json"]);
    assert.deepEqual(
      { ...flags },
      {
        stack: "prod",
        config: ["a=1", "sidecar-mesh:b=x=y"],
        yes: true,
        json: true,
        sandbox: false,
        help: false,
      },
    );
  });

  const mistakes: [string[], RegExp][] = [
    [["--stak", "x"], /--stak/],
    [["extra"], /extra/],
    [["--stack"], /--stack/],
    [["--context", ""], /--context has an empty value: write one, or leave the flag out/],
    [["--stack="], /--stack has an empty value/],
    [["--kubeconfig", " "], /--kubeconfig has an empty value/],
    [["-c", ""], /--config has an empty value/],
    [["--sandbox", "--context", "x"], /two clusters/],
    [["-c", "novalue"], /--config novalue: write it as key=value/],
    [["-c", "=x"], /--config =x/],
  ];
  for (const [argv, expected] of mistakes) {
    it(`refuses ${argv.join(" ")}`, () => {
      assert.throws(
        () => parseFlags(argv),
        (error: Error) => error instanceof UsageError && expected.test(error.message),
      );
    });
  }
});

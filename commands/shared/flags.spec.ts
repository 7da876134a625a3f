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

  it("agrees to nothing that no flag says", () => {
    assert.deepEqual({ ...parseFlags([]) }, { config: [], yes: false, json: false, sandbox: false, help: false });
    assert.equal(parseFlags(["--sandbox"]).sandbox, true);
    assert.equal(parseFlags(["--context", "x"]).context, "x");
  });

  it("takes the flags of one command besides", () => {
    const more = { refresh: { type: "boolean", default: false } } as const;
    assert.equal(parseFlags(["--refresh"], more).refresh, true);
    assert.equal(parseFlags([], more).refresh, false);
  });

  it("takes the words of one command by their names", () => {
    const { service, version } = parseFlags(["shop", "-y", "v2"], {}, ["service", "version"]);
    assert.deepEqual([service, version], ["shop", "v2"]);
    const parse =
      (...argv: string[]) =>
      () =>
        parseFlags(argv, {}, ["service", "version"]);
    assert.throws(parse("shop"), /^Error: VERSION is missing: write -- SERVICE VERSION$/);
    assert.throws(parse("a", "b", "c"), /^Error: c is one word too many: write -- SERVICE VERSION$/);
    assert.equal(parseFlags(["--help"], {}, ["service"]).help, true);
  });

  const mistakes: [string[], RegExp][] = [
    [["--stak", "x"], /^--stak: no such flag; did you mean --stack\? --help lists all$/],
    [["--nothing-like-it"], /^--nothing-like-it: no such flag; --help lists all$/],
    [["-x"], /^-x: no such flag; .*--help lists all$/],
    [["extra"], /extra/],
    [["--stack"], /--stack <value>' argument missing/],
    [["--context", ""], /--context has an empty value: write one, or leave the flag out/],
    [["--stack="], /--stack has an empty value/],
    [["--kubeconfig", " "], /--kubeconfig has an empty value/],
    [["-c", ""], /--config has an empty value/],
    [["--sandbox", "--context", "x"], /two clusters/],
    [["-c", "novalue"], /--config novalue: write it as key=value/],
    [["-c", "=x"], /--config =x/],
    [["-c", "a b=x"], /--config a b=x: write it as key=value/],
    [["-c", "a=1", "-c", "kubeContext="], /--config kubeContext=: the value is empty; write one, or auto/],
    [["-c", "sidecar-mesh:kubeContext= "], /the value is empty/],
    [["-c", "a:b:c=x"], /--config a:b:c=x: write it as key=value/],
    [["-c", "kubernetes:renderYamlToDirectory=out"], /would move the stack.*npm run render -- DIR/],
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

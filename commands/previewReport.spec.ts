import assert from "node:assert/strict";
import type { PreviewReport, StackPreview } from "./previewReport";
import { limitsOf, passed, toMarkdown, unknownFields, verdict } from "./previewReport";

const finding = (level: "mandatory" | "advisory") => ({
  rule: "workload-gets-sidecar",
  code: "IST0103",
  level,
  resource: "Deployment demo/user",
  field: "spec.template",
  message: "It runs without its sidecar.",
});
const stack = (change: Partial<StackPreview> = {}): StackPreview => ({
  stack: "dev",
  resources: [{ type: "kubernetes:core/v1:Namespace", name: "mesh", props: {} }],
  outcome: { findings: [], undetermined: [] },
  ...change,
});
const report = (change: Partial<PreviewReport> = {}): PreviewReport => ({
  steps: [{ command: "npm run lint", passed: true, said: "" }],
  stacks: [stack()],
  ...change,
});

describe("preview report", () => {
  it("passes with advisory findings, and shows them", () => {
    const advised = report({ stacks: [stack({ outcome: { findings: [finding("advisory")], undetermined: [] } })] });
    assert.ok(passed(advised));
    assert.match(
      toMarkdown(advised),
      /## Preview: passes[^]*\[advisory\] workload-gets-sidecar: Deployment demo\/user/,
    );
  });

  const failures: [string, Partial<PreviewReport>, RegExp][] = [
    ["a step fails", { steps: [{ command: "npm run lint", passed: false, said: "x.ts: no" }] }, /x\.ts: no/],
    [
      "a finding is mandatory",
      { stacks: [stack({ outcome: { findings: [finding("mandatory")], undetermined: [] } })] },
      /\*\*1 resources, 1 mandatory findings, 0 advisory\*\*/,
    ],
    ["the program fails", { stacks: [stack({ failure: "config: 2 problems\nfirst" })] }, /config: 2 problems\nfirst/],
    [
      "the CLI's preview fails",
      { cliVersion: "v3.1.0", stacks: [stack({ cli: { passed: false, said: "error: no" } })] },
      /pulumi preview fails[^]*error: no/,
    ],
  ];
  for (const [title, change, shown] of failures) {
    it(`fails if ${title}, and shows why`, () => {
      assert.ok(!passed(report(change)));
      const text = toMarkdown(report(change));
      assert.match(text, /## Preview: fails/);
      assert.match(text, shown);
    });
  }

  it("names what the policies can't judge yet", () => {
    const open = { rule: "subset-defined", resource: "VirtualService demo/a", reason: "the value is known only later" };
    const text = toMarkdown(report({ stacks: [stack({ outcome: { findings: [], undetermined: [open] } })] }));
    assert.match(text, /0 advisory, 1 not judged yet/);
    assert.match(text, /VirtualService demo\/a: subset-defined is not judged yet, for the value is known only later\./);
  });

  it("names the fields that only an applied stack has", () => {
    const resource = {
      type: "kubernetes:core/v1:Secret",
      name: "admin",
      props: { metadata: { name: "admin" }, stringData: { __pulumiUnknown: true } },
    };
    assert.deepEqual(unknownFields([resource]), ["Secret admin: stringData"]);
  });

  it("says what it can't know: without CLI, without cluster, with both", () => {
    assert.match(limitsOf({}).join("\n"), /no Pulumi CLI[^]*No cluster was asked/);
    const both = limitsOf({ cliVersion: "v3.1.0", context: "kind-a" }).join("\n");
    assert.match(both, /Cluster kind-a was asked/);
    assert.doesNotMatch(both, /no Pulumi CLI|No cluster/);
  });

  it("keeps what a command says inside its fence, and within a comment's size", () => {
    const said = `${"x".repeat(100_000)}\n\`\`\`\n# not a heading`;
    const text = toMarkdown(report({ stacks: [stack({ cli: { passed: true, said } })] }));
    assert.ok(text.length < 20_000);
    assert.match(text, /\n````\n\[\.\.\.\]/);
    assert.match(text, /# not a heading\n````\n/);
  });

  it("shows what changes since the base, or why that can't be told, and passes either way", () => {
    const diff = { added: ["Deployment a"], removed: [], changed: [] };
    assert.match(
      toMarkdown(report({ base: "main", stacks: [stack({ diff })] })),
      /What changes in dev[^]*\+ Deployment a/,
    );
    const failure = report({ base: "main", stacks: [stack({ diff: { failure: "the base is broken" } })] });
    assert.match(toMarkdown(failure), /the base is broken/);
    assert.ok(passed(failure));
  });

  it("tells a stack's result in one line", () => {
    assert.equal(verdict(stack()), "1 resources, 0 mandatory findings, 0 advisory");
  });
});

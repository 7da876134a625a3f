import assert from "node:assert/strict";
import type { Change } from "./changes";
import type { PolicyViolation } from "../pulumi/events";
import type { PreviewReport, StackPreview } from "./previewReport";
import { limitsOf, passed, toMarkdown, unknownFields, verdict } from "./previewReport";

const violation = (level: "mandatory" | "advisory", more = ""): PolicyViolation => ({
  policy: "workload-gets-sidecar",
  level,
  message: `Workloads get a sidecar.\nDeployment demo/user: spec.template: ${more}it runs without its sidecar`,
});
const stack = (change: Partial<StackPreview> = {}): StackPreview => ({
  stack: "dev",
  passed: true,
  said: "Resources: + 1 to create",
  resources: [{ type: "kubernetes:core/v1:Namespace", name: "mesh", props: {} }],
  violations: [],
  ...change,
});
const report = (change: Partial<PreviewReport> = {}): PreviewReport => ({
  steps: [{ command: "npm run lint", passed: true, said: "" }],
  stacks: [stack()],
  cliVersion: "v3.274.1",
  ...change,
});

describe("preview report", () => {
  it("passes with advisory findings, and shows them", () => {
    const advised = report({ stacks: [stack({ violations: [violation("advisory")] })] });
    assert.ok(passed(advised));
    assert.match(
      toMarkdown(advised),
      /## Preview: passes[^]*\| advisory \| `workload-gets-sidecar` \| Deployment demo\/user: spec\.template: it runs/,
    );
  });

  it("has a reviewer look at edges that the change breaks, and passes: it is advice", () => {
    const breaking = report({ stacks: [stack({ brokenEdges: ["caller called shop 5 times"] })] });
    assert.ok(passed(breaking));
    assert.match(toMarkdown(breaking), /should look at\*\*\n\n- caller called shop 5 times/);
  });

  const failures: [string, Partial<PreviewReport>, RegExp][] = [
    ["a step fails", { steps: [{ command: "npm run lint", passed: false, said: "x.ts: no" }] }, /x\.ts: no/],
    [
      "the preview fails, as with a mandatory finding",
      { stacks: [stack({ passed: false, said: "error: no", violations: [violation("mandatory")] })] },
      /\*\*pulumi preview fails, 1 resources, 1 mandatory findings, 0 advisory\*\*[^]*error: no/,
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

  it("counts what the policies can't judge yet for itself", () => {
    const open = violation("advisory", "workload-gets-sidecar is not judged yet, for ");
    assert.match(verdict(stack({ violations: [open] })), /0 advisory, 1 not judged yet/);
  });

  it("names the fields that only an applied stack has", () => {
    const resource = {
      type: "kubernetes:core/v1:Secret",
      name: "admin",
      props: { metadata: { name: "admin" }, stringData: { __pulumiUnknown: true } },
    };
    assert.deepEqual(unknownFields([resource]), ["Secret admin: stringData"]);
  });

  it("says what it can't know: without a cluster, and with one", () => {
    assert.match(limitsOf({}).join("\n"), /No cluster was asked/);
    const asked = limitsOf({ context: "kind-a" }).join("\n");
    assert.match(asked, /Cluster kind-a was asked/);
    assert.doesNotMatch(asked, /No cluster/);
  });

  it("keeps what a command says inside its fence, and within a comment's size", () => {
    const said = `${"x".repeat(100_000)}\n\`\`\`\n# not a heading`;
    const text = toMarkdown(report({ stacks: [stack({ said })] }));
    assert.ok(text.length < 20_000);
    assert.match(text, /\n````\n\[\.\.\.\]/);
    assert.match(text, /# not a heading\n````\n/);
  });

  it("shows what changes since the base, or why that is unknown, and passes either way", () => {
    const scaled: Change = {
      ...{ op: "update", type: "kubernetes:apps/v1:Deployment", title: "Deployment demo/a", forcing: [] },
      fields: [{ path: "spec.replicas", before: 1, after: 2 }],
    };
    const moved: Change = {
      ...{ ...scaled, op: "replace", title: "Deployment demo/b", forcing: ["spec.selector"] },
      fields: [{ path: "spec.selector", before: "a|b", after: "c" }],
    };
    const text = toMarkdown(report({ base: "main", stacks: [stack({ changes: [scaled, moved] })] }));
    assert.match(text, /0 to create, 1 to update, 1 to replace, 0 to delete/);
    const rows = text.split("\n").filter((line) => line.includes("Deployment demo/") && line.startsWith("|"));
    assert.deepEqual(rows, [
      '| **replace** | `Deployment demo/b` | `spec.selector`: `"a\\|b"` to `"c"` (**replaces it**) |',
      "| update | `Deployment demo/a` | `spec.replicas`: `1` to `2` |",
    ]);
    assert.match(text, /What a reviewer should look at[^]*Deployment demo\/b is replaced, because spec\.selector/);
    const failure = report({ base: "main", stacks: [stack({ changes: { failure: "the base is broken" } })] });
    assert.match(toMarkdown(failure), /the base is broken/);
    assert.ok(passed(failure));
    assert.match(toMarkdown(report({ base: "main", stacks: [stack({ changes: [] })] })), /No resource changes\./);
  });

  it("names the place that declares what a policy finds fault with, where it is known", () => {
    const found = { ...violation("mandatory"), urn: "urn:a" };
    const text = toMarkdown(
      report({ stacks: [stack({ violations: [found], places: { "urn:a": "components/a.ts:30" } })] }),
    );
    assert.match(text, /\*\*mandatory\*\* \| `workload-gets-sidecar` \| .* \| `components\/a\.ts:30` \|/);
    assert.match(text, /reviewer should look at\*\*\n\n- Policy `workload-gets-sidecar` forbids this/);
  });

  it("reports a stack's result in one line", () => {
    assert.equal(verdict(stack()), "pulumi preview passes, 1 resources, 0 mandatory findings, 0 advisory");
  });
});

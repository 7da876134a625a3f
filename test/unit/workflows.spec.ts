import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { istioVersion } from "../../components/versions";
import { projectFolder } from "../../commands/session/stackFiles";
import { problemsOfLine } from "../support/documentedCommands";

const folder = join(projectFolder, ".github", "workflows");

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}
interface Workflow {
  permissions: Record<string, string>;
  jobs: Record<string, { permissions: Record<string, string>; "timeout-minutes": number; steps: Step[] }>;
}

const manifest = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
};

for (const file of readdirSync(folder)) {
  describe(`workflow ${file}`, () => {
    const text = readFileSync(join(folder, file), "utf8");
    const { permissions, jobs } = parse(text) as Workflow;
    const steps = Object.values(jobs).flatMap((job) => job.steps);

    it("pins each action by commit, and says which version that is", () => {
      const uses = text.split("\n").filter((line) => /\buses:/.test(line));
      assert.equal(uses.length, steps.filter((step) => step.uses !== undefined).length);
      for (const line of uses) {
        assert.match(line, /uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
      }
    });

    it("gives no job more than it needs", () => {
      assert.deepEqual(permissions, {});
      for (const [name, job] of Object.entries(jobs)) {
        const runsOurCode = job.steps.some(({ uses = "" }) => uses.startsWith("actions/checkout@"));
        assert.deepEqual(job.permissions, runsOurCode ? { contents: "read" } : { "pull-requests": "write" }, name);
        assert.ok(job["timeout-minutes"] <= 90, `${name} ends at some time`);
        for (const { uses = "", with: inputs } of job.steps) {
          assert.ok(!uses.startsWith("actions/checkout@") || inputs?.["persist-credentials"] === false, name);
        }
      }
    });

    it("runs nothing that does not run on any machine", () => {
      for (const { run } of steps.filter((step) => step.run !== undefined)) {
        // What is the runner's alone: comments, the checker of links, and what the cluster tests find on other
        // machines.
        if (
          !/^(gh pr comment|cargo install lychee|lychee|kubectl apply -k|curl -fsSL https:\/\/github.com\/istio\/istio\/releases)\b/.test(
            run!,
          )
        ) {
          assert.match(run!, /^npm /);
          assert.deepEqual(problemsOfLine(run!), [], run);
        }
      }
    });

    it("takes the Pulumi CLI that package.json names, and no account", () => {
      const pulumi = steps.filter(({ uses }) => uses?.startsWith("pulumi/actions@"));
      const needsIt = steps.some(({ run }) => /^npm (start|run (ci:preview|verify|down))\b/.test(run ?? ""));
      assert.equal(pulumi.length > 0, needsIt);
      for (const { with: inputs } of pulumi) {
        assert.deepEqual(inputs, { "pulumi-version": manifest.dependencies.pulumi });
      }
      assert.doesNotMatch(text, /secrets\./);
    });
  });
}

describe("the workflow that brings the mesh up", () => {
  const text = readFileSync(join(folder, "e2e.yml"), "utf8");

  it("runs the cluster tests on the cluster of a user, with two workers", () => {
    const read = (file: string) => parse(readFileSync(join(projectFolder, file), "utf8")) as { nodes: object[] };
    const [ofUser, ofTests] = [read("commands/kindCluster.yaml"), read("test/cluster/kind.yaml")];
    assert.deepEqual(ofTests, { ...ofUser, nodes: [...ofUser.nodes, { role: "worker" }, { role: "worker" }] });
  });

  it("takes the istioctl of the Istio that is installed", () => {
    const versions = [...text.matchAll(/istioctl-(\d+\.\d+\.\d+)-|releases\/download\/(\d+\.\d+\.\d+)/g)];
    assert.ok(versions.length > 0);
    for (const [, asset, release] of versions) {
      assert.equal(asset ?? release, istioVersion);
    }
  });

  it("fails if a second update changes anything", () => {
    const { jobs } = parse(text) as Workflow;
    const updates = jobs.kind!.steps.flatMap(({ run }) => (run?.startsWith("npm start ") ? [run] : []));
    assert.equal(updates.length, 2);
    assert.equal(updates[1], `${updates[0]} --expect-no-changes`);
  });
});

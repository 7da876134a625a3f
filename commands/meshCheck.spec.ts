import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { JsonFinding } from "../policy/report";
import { meshCheck } from "./meshCheck";

const namespace = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: demo\n  labels:\n    istio-injection: enabled\n";
const service = (port: string): string =>
  `apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: demo\nspec:\n  ports:\n  - port: 80\n    name: ${port}\n`;

describe("mesh-check", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mesh-check-"));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  function put(name: string, text: string): string {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  function run(args: readonly string[], stdin = ""): { status: number; out: string; err: string } {
    let out = "";
    let err = "";
    const status = meshCheck(args, {
      stdin: () => stdin,
      stdout: (text) => (out += text),
      stderr: (text) => (err += text),
    });
    return { status, out, err };
  }

  function json(...args: string[]): JsonFinding[] {
    return JSON.parse(run(["--format", "json", ...args]).out) as JsonFinding[];
  }

  it("passes what is in order", () => {
    const file = put("a.yaml", `${namespace}---\n${service("http")}`);
    assert.deepEqual(run([file]), { status: 0, out: "2 resources, nothing found.\n", err: "" });
  });

  it("writes findings as JSON", () => {
    const file = put("a.yaml", `${namespace}---\n${service("web")}`);
    assert.deepEqual(json(file), [
      {
        policy: "port-protocol-declared",
        code: "IST0118",
        level: "mandatory",
        resource: "Service demo/web",
        field: "spec.ports[0].name",
        message: json(file)[0]!.message,
        file,
        line: 16,
      },
    ]);
    assert.equal(run([file]).status, 1);
  });

  it("leaves the namespace out of a name where the manifest has none", () => {
    const file = put("a.yaml", service("web").replace("  namespace: demo\n", ""));
    assert.equal(json(file)[0]!.resource, "Service web");
  });

  it("writes findings as text that editors can follow", () => {
    const file = put("a.yaml", service("web"));
    assert.match(
      run([file]).out,
      new RegExp(
        `^${file}:9: mandatory: Service demo/web: spec.ports\\[0\\].name: .* \\[port-protocol-declared, IST0118\\]\\n1 resources, 1 mandatory and 0 advisory findings\\.\\n$`,
      ),
    );
  });

  it("writes SARIF", () => {
    const file = put("a.yaml", `${service("web")}---\nkind: [\n`);
    const { status, out } = run(["--format", "sarif", file]);
    const log = JSON.parse(out) as {
      version: string;
      runs: {
        results: {
          ruleId: string;
          level: string;
          locations: { physicalLocation: { region: { startLine: number } } }[];
        }[];
        tool: { driver: { rules: { id: string }[] } };
        invocations: { executionSuccessful: boolean; toolExecutionNotifications: unknown[] }[];
      }[];
    };
    const [{ results, tool, invocations }] = log.runs as [(typeof log.runs)[number]];
    assert.equal(status, 2);
    assert.equal(log.version, "2.1.0");
    assert.deepEqual(
      results.map(({ ruleId, level }) => [ruleId, level]),
      [["port-protocol-declared", "error"]],
    );
    assert.equal(results[0]!.locations[0]!.physicalLocation.region.startLine, 9);
    assert.deepEqual(
      tool.driver.rules.map(({ id }) => id),
      ["port-protocol-declared"],
    );
    assert.equal(invocations[0]!.executionSuccessful, false);
    assert.equal(invocations[0]!.toolExecutionNotifications.length, 1);
  });

  it("writes annotations for GitHub Actions", () => {
    const file = put("a.yaml", `${service("web")}---\nkind: [\n`);
    const { status, out } = run(["--format", "github", file]);
    assert.equal(status, 2);
    const [unread, finding] = out.split("\n");
    assert.match(unread!, /^::error file=\S+a\.yaml,line=\d+,title=mesh-check%3A not read::not valid YAML/);
    assert.match(finding!, /^::error file=\S+a\.yaml,line=9,title=port-protocol-declared::Service demo\/web: spec\./);
  });

  it("names documents that it could not read in JSON, too", () => {
    const file = put("a.yaml", `${service("web")}---\nkind: [\n`);
    const entries = json(file);
    assert.deepEqual(
      entries.map(({ level }) => level),
      ["mandatory", "unread"],
    );
    assert.match(entries[1]!.message, /not valid YAML/);
  });

  it("follows symbolic links, but in no circle, and reads names in any case", () => {
    put("real/one.YAML", service("web"));
    put("folder/two.Yml", service("web").replaceAll("name: web\n  namespace", "name: other\n  namespace"));
    symlinkSync(join(folder, "real"), join(folder, "folder/linked"));
    symlinkSync(join(folder, "folder"), join(folder, "folder/circle"));
    symlinkSync(join(folder, "gone"), join(folder, "folder/gone"));
    const found = json(join(folder, "folder"));
    assert.deepEqual(found.map(({ resource }) => resource).sort(), ["Service demo/other", "Service demo/web"]);
  });

  it("says so where nothing was read, and fails if it is to", () => {
    const empty = put("empty/readme.txt", "");
    const { status, out, err } = run([dirname(empty)]);
    assert.equal(status, 0);
    assert.equal(out, "0 resources, nothing is checked.\n");
    assert.match(err, /no resource was read from .*empty/);
    assert.equal(run(["--fail-on-empty", dirname(empty)]).status, 2);
  });

  it("reads a file once, by whatever names it is given", () => {
    const file = put("folder/a.yaml", service("http"));
    symlinkSync(file, join(folder, "folder/b.yaml"));
    assert.match(run([join(folder, "folder"), file]).out, /^1 resources, nothing found/);
  });

  it("passes over values and kustomizations, and says what they are", () => {
    put("chart/values.yaml", "replicas: 3\n");
    put("chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n");
    put("base/kustomization.yaml", "resources: [a.yaml]\n");
    put("base/a.yaml", namespace);
    const { status, out, err } = run([join(folder, "chart"), join(folder, "base")]);
    assert.equal(status, 0);
    assert.match(out, /^1 resources, nothing found/);
    assert.match(err, /values\.yaml:1: passed over: values of a Helm chart/);
    assert.match(err, /Chart\.yaml:1: passed over/);
    assert.match(err, /kustomization\.yaml:1: passed over: a kustomization/);
  });

  it("says which custom resources it could not judge", () => {
    const run_ = (name: string): string =>
      `---\napiVersion: tekton.dev/v1\nkind: TaskRun\nmetadata: {name: ${name}, namespace: demo}\nspec: {taskRef: {name: build}}\n`;
    const file = put("a.yaml", namespace + run_("a") + run_("b") + run_("c"));
    assert.match(run([file]).out, /nothing found\.\nnot judged: 3 TaskRun\.\n$/);
    assert.deepEqual(
      json(file).map(({ level, resource, line }) => [level, resource, line]),
      ["a", "b", "c"].map((name, i) => ["notJudged", `TaskRun demo/${name}`, 9 + 5 * i]),
    );
    assert.match(run(["--format", "github", file]).out, /^::notice title=mesh-check%3A not judged::3 TaskRun$/m);
    assert.match(run(["--format", "sarif", file]).out, /"level": "note",\s+"message": \{\s+"text": "TaskRun demo\/a: /);
  });

  it("makes one mesh of all files, folders and the standard input", () => {
    put("folder/deep/service.yaml", service("http"));
    put("folder/note.txt", "not a manifest");
    put("folder/.hidden/broken.yaml", "[");
    const route = `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: web\n  namespace: demo\nspec:\n  hosts: [web]\n  http:\n  - route:\n    - destination:\n        host: web\n`;
    assert.equal(run([join(folder, "folder"), "-"], route).status, 0);
    const alone = run(["--level", "advisory", "-"], route);
    assert.equal(alone.status, 1);
    assert.match(alone.out, /^stdin:11: advisory: .*IST0101/);
  });

  it("reads lists and JSON", () => {
    const item = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web" },
      spec: { ports: [{ port: 80, name: "web" }] },
    };
    const other = { ...item, metadata: { name: "other" }, spec: { ports: [{ port: 80, name: "http" }] } };
    const file = put("a.json", JSON.stringify({ apiVersion: "v1", kind: "List", items: [other, item] }, undefined, 1));
    const [finding] = json(file);
    assert.equal(finding?.resource, "Service web");
    assert.equal(finding.line, 30);
  });

  it("fails from the given level on", () => {
    const file = put("a.yaml", namespace.replace("enabled", "disabled").replace(/ {2}labels[^]*$/, ""));
    assert.equal(run([file]).status, 0);
    assert.equal(run(["--level", "advisory", file]).status, 1);
  });

  it("takes settings from a file", () => {
    const file = put("a.yaml", service("web"));
    assert.equal(run(["--config", put("c.yaml", "levels:\n  port-protocol-declared: disabled\n"), file]).status, 0);
    const wrong = run(["--config", put("d.yaml", "profile: test\n"), file]);
    assert.equal(wrong.status, 2);
    assert.match(wrong.err, /d\.yaml: profile is "test": write "dev" or "prod"/);
    assert.equal(run(["--config", put("e.yaml", "a: [\n"), file]).status, 2);
    assert.equal(run(["--config", join(folder, "gone"), file]).status, 2);
  });

  describe("reads on", () => {
    const good = `\n---\n${service("web")}`;
    const broken: [string, string, RegExp][] = [
      ["a document that is no YAML", "a: [1\nb: 2\n", /^.*a\.yaml:\d+: not valid YAML: /],
      ["a document without a kind", "replicas: 1\n", /:1: a document without a kind/],
      ["a resource without an apiVersion", "\n\nkind: Service\n", /:3: a Service without an apiVersion/],
      ["a list where a map belongs", "- a\n", /:1: not a resource: a list/],
      ["a List of something else", "apiVersion: v1\nkind: List\nitems:\n- 1\n", /:4: not a resource/],
      [
        "aliases that multiply",
        `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${"*a,".repeat(20)}]\nc: &c [${"*b,".repeat(20)}]\nd: &d [${"*c,".repeat(20)}]\ne: [${"*d,".repeat(20)}]\n`,
        /:1: not valid YAML: .*alias/i,
      ],
      ["a tab", "\tkind: x\n", /not valid YAML/],
    ];
    for (const [title, text, message] of broken) {
      it(`after ${title}`, () => {
        const file = put("a.yaml", text + good);
        const { status, out, err } = run(["--format", "json", file]);
        assert.equal(status, 2);
        assert.match(err, message);
        assert.deepEqual(
          (JSON.parse(out) as JsonFinding[]).map(({ level, resource }) => [level, resource]),
          [
            ["mandatory", "Service demo/web"],
            ["unread", ""],
          ],
        );
      });
    }

    it("after a file that is not there, and one that is no text", () => {
      const { status, err, out } = run([
        join(folder, "gone.yaml"),
        put("b.yaml", "a\0b"),
        put("a.yaml", service("web")),
      ]);
      assert.equal(status, 2);
      assert.match(err, /gone\.yaml:1: no such file or directory\n.*b\.yaml:1: not text/);
      assert.match(out, /IST0118/);
    });
  });

  it("is not stopped by fields of the wrong type", () => {
    for (const spec of [
      "7",
      "[]",
      "\n  ports: 80",
      "\n  ports: [80]",
      "\n  selector: [a]",
      "\n  ports: [{port: {}}]",
      "",
    ]) {
      const file = put("a.yaml", `apiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec: ${spec}\n`);
      assert.ok(run([file]).status < 2, spec);
    }
    for (const metadata of [
      "7",
      "",
      "\n  labels: 7",
      "\n  labels: {a: {b: 1}}",
      "\n  name: 7",
      "\n  annotations: [x]",
    ]) {
      const file = put("a.yaml", `apiVersion: v1\nkind: Namespace\nmetadata: ${metadata}\n`);
      assert.ok(run([file]).status < 2, metadata);
    }
  });

  it("reads 50 MB", () => {
    const one = (i: number): string =>
      `${service("http").replace("name: web", `name: web-${i}`)}---\n# ${"x".repeat(50_000)}\n`;
    const file = put("a.yaml", Array.from({ length: 1050 }, (_, i) => one(i)).join(""));
    assert.match(run([file]).out, /1050 resources, nothing found/);
    const odd = put("b.yaml", `a: &a 1\nb: "${"x".repeat(50_000_000)}\n---\n${service("web")}`);
    const { status, err, out } = run([odd]);
    assert.equal(status, 2);
    assert.match(err, /b\.yaml:\d: not valid YAML/);
    assert.match(out, /IST0118/);
  });

  it("checks a thousand services in seconds, and grows with their number", () => {
    const mesh = (count: number): string =>
      namespace +
      Array.from({ length: count }, (_, i) => `---\n${service("http").replaceAll("web", `web-${i}`)}`).join("");
    const time = (count: number): number => {
      const text = mesh(count);
      const start = performance.now();
      assert.equal(run(["-"], text).status, 0);
      return performance.now() - start;
    };
    time(500);
    const small = time(1000);
    assert.ok(small < 3000, `${small} ms`);
    assert.ok(time(4000) < Math.max(small, 50) * 12, "grows faster than the mesh");
  });

  describe("explains", () => {
    for (const [title, args, message] of [
      ["that it needs input", [], /no input/],
      ["a format that is none", ["--format", "xml", "-"], /--format is "xml": write text or json or sarif/],
      ["a level that is none", ["--level", "high", "-"], /--level is "high"/],
      ["an option that is none", ["--colour", "-"], /--colour/],
    ] as const) {
      it(title, () => {
        const { status, err } = run(args);
        assert.equal(status, 2);
        assert.match(err, message);
      });
    }

    it("itself", () => {
      const { status, out } = run(["--help"]);
      assert.equal(status, 0);
      assert.match(out, /mesh-check \[options\] FILE\|DIR\|-/);
    });
  });
});

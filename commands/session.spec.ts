import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { parseFlags, UsageError } from "./flags";
import { openSession } from "./session";

/** A project folder, a kubeconfig and a PATH of one's own. */
describe("openSession", () => {
  let folder: string;
  const { PATH, KUBECONFIG } = process.env;
  const local = "https://127.0.0.1:6443";

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "session-"));
    const keys = { kubeContext: { type: "string" }, kubeconfig: { type: "string" } };
    write("Pulumi.yaml", { name: "sidecar-mesh", runtime: "nodejs", config: keys });
    write("Pulumi.dev.yaml", {});
    process.env.PATH = folder;
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
    process.env.PATH = PATH;
    restoreKubeconfig();
  });

  function restoreKubeconfig(): void {
    if (KUBECONFIG === undefined) {
      delete process.env.KUBECONFIG;
    } else {
      process.env.KUBECONFIG = KUBECONFIG;
    }
  }

  function write(name: string, content: unknown): string {
    const file = join(folder, name);
    writeFileSync(file, stringify(content));
    return file;
  }

  function kubeconfig(name: string, current: string, servers: Record<string, string>): string {
    const clusters = Object.entries(servers).map(([cluster, server]) => ({ name: cluster, cluster: { server } }));
    const contexts = Object.keys(servers).map((cluster) => ({ name: cluster, context: { cluster } }));
    return write(name, { "current-context": current, clusters, contexts });
  }

  /** Puts a tool on PATH that notes how it was called, and prints something. */
  function tool(name: string, prints = ""): () => string[] {
    const calls = join(folder, `${name}.calls`);
    writeFileSync(join(folder, name), `#!/bin/sh\necho "$*" >> ${calls}\necho "${prints}"\n`);
    chmodSync(join(folder, name), 0o755);
    return () => (existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : []);
  }

  async function open(argv: string[], start = false) {
    const lines: string[] = [];
    const session = await openSession(parseFlags(argv), (line) => lines.push(line), { start, folder });
    return { session, said: lines.join("\n") };
  }

  it("goes where the stack file of dev says, without --stack", async () => {
    const file = kubeconfig("elsewhere", "other", { other: local, "prod-eu": "https://k8s.example.com" });
    write("Pulumi.dev.yaml", {
      config: { "sidecar-mesh:kubeContext": "prod-eu", "sidecar-mesh:kubeconfig": file },
    });
    const { session, said } = await open([]);
    assert.deepEqual([session.context, session.kubeconfig, session.stack], ["prod-eu", file, "dev"]);
    assert.deepEqual(session.settings, { kubeconfig: file, kubeContext: "prod-eu" });
    assert.match(said, /cluster: prod-eu \(kubeContext in the stack's config\); stack: dev/);
  });

  it("takes the stack file that --stack names, and a flag before any", async () => {
    const file = kubeconfig("kube", "x", { a: local, b: local, c: local });
    write("Pulumi.mine.yaml", { config: { "sidecar-mesh:kubeContext": "a", "sidecar-mesh:kubeconfig": file } });
    assert.equal((await open(["--stack", "mine"])).session.context, "a");
    assert.equal((await open(["--stack", "mine", "-c", "kubeContext=b"])).session.context, "b");
    const { session } = await open(["--stack", "mine", "-c", "sidecar-mesh:kubeContext=b", "--context", "c"]);
    assert.equal(session.context, "c");
    assert.equal(session.settings.kubeContext, "c");
  });

  it("takes auto for what it is", async () => {
    process.env.KUBECONFIG = kubeconfig("kube", "kind-a", { "kind-a": local });
    write("Pulumi.dev.yaml", { config: { "sidecar-mesh:kubeContext": "auto" } });
    assert.equal((await open([])).session.context, "kind-a");
  });

  it("leaves another machine's cluster alone, whatever its name", async () => {
    for (const name of ["sandbox", "minikube", "kind-prod"]) {
      process.env.KUBECONFIG = kubeconfig("kube", name, { [name]: "https://k8s.example.com" });
      const { session, said } = await open([]);
      assert.ok(session.embedded);
      assert.match(said, new RegExp(`current context ${name} is not local`));
    }
  });

  it("refuses wrong config before a start, and leaves what has secrets, at whatever depth, to the CLI", async () => {
    process.env.KUBECONFIG = kubeconfig("kube", "kind-a", { "kind-a": local });
    const services = (env: unknown) => ({ "sidecar-mesh:services": [{ name: "shop", text: "hello", env }] });
    write("Pulumi.dev.yaml", { config: services({ TOKEN: { secure: "v1:abc" } }) });
    assert.equal((await open([], true)).session.context, "kind-a");
    write("Pulumi.dev.yaml", { config: services({ TOKEN: { plain: "abc" } }) });
    await assert.rejects(open([], true), /services\[0\]\.env\.TOKEN/);
  });

  it("refuses a stack file whose keys nothing reads, before it looks for a cluster", async () => {
    write("Pulumi.dev.yaml", { "sidecar-mesh:kubeContext": "prod-eu", config: { kubeconfg: "/tmp/x" } });
    await assert.rejects(open([]), (error: Error) => {
      assert.match(error.message, /Pulumi\.dev\.yaml: sidecar-mesh:kubeContext .* below config:/);
      assert.match(error.message, /Pulumi\.dev\.yaml: kubeconfg .*kubeconfig/);
      return true;
    });
  });

  it("refuses a stack that has no file", async () => {
    await assert.rejects(open(["--stack", "nope"]), /--stack nope: there is no Pulumi\.nope\.yaml/);
  });

  describe("with kind installed, and a remote current context", () => {
    const remote = { "prod-eu": "https://k8s.example.com" };

    // kind needs a container engine.
    beforeEach(() => void tool("docker"));

    it("makes a cluster for a start, with --yes", async () => {
      process.env.KUBECONFIG = kubeconfig("kube", "prod-eu", remote);
      const calls = tool("kind");
      const { session } = await open(["--yes"], true);
      assert.equal(session.context, "kind-sidecar-mesh");
      assert.deepEqual(
        calls().map((call) => call.split(" ").slice(0, 2).join(" ")),
        ["get clusters", "create cluster"],
      );
    });

    it("makes none for a look or a removal, and says what to do", async () => {
      process.env.KUBECONFIG = kubeconfig("kube", "prod-eu", remote);
      const calls = tool("kind");
      await assert.rejects(open(["--yes"]), (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, /no cluster to look at .*npm start.*--context NAME or --sandbox/);
        return true;
      });
      assert.deepEqual(calls(), []);
    });

    it("uses the one that it made before, and asks nothing", async () => {
      process.env.KUBECONFIG = kubeconfig("kube", "prod-eu", { ...remote, "kind-sidecar-mesh": local });
      const calls = tool("kind");
      for (const start of [true, false]) {
        const { session, said } = await open([], start);
        assert.equal(session.context, "kind-sidecar-mesh");
        assert.match(said, /there is a cluster of ours, made with kind/);
      }
      assert.deepEqual(calls(), []);
    });

    it("finds the one that it made before in a kubeconfig that lost it", async () => {
      process.env.KUBECONFIG = kubeconfig("kube", "prod-eu", remote);
      const calls = tool("kind", "sidecar-mesh");
      await open([], true);
      assert.deepEqual(calls(), ["get clusters", "export kubeconfig --name sidecar-mesh"]);
    });
  });

  it("takes the embedded cluster where kind is installed, and no container engine answers", async () => {
    process.env.KUBECONFIG = kubeconfig("kube", "prod-eu", { "prod-eu": "https://k8s.example.com" });
    tool("kind");
    const { session, said } = await open([]);
    assert.ok(session.embedded);
    assert.match(said, /neither kind with Docker nor minikube/);
  });

  it("starts the minikube profile that it made before without a question: it may be stopped", async () => {
    process.env.KUBECONFIG = write("kube", {
      "current-context": "prod-eu",
      clusters: [{ name: "c", cluster: { server: "https://192.168.49.2:8443" } }],
      contexts: [
        {
          name: "sidecar-mesh",
          context: { cluster: "c", extensions: [{ extension: { provider: "minikube.sigs.k8s.io" } }] },
        },
      ],
    });
    const calls = tool("minikube");
    assert.equal((await open([], true)).session.context, "sidecar-mesh");
    assert.match(calls().join(), /^start --profile sidecar-mesh/);
  });
});

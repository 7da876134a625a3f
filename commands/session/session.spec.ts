import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { parseConfig } from "../../stacks/config";
import { parseFlags } from "../shared/flags";
import { NoClusterError } from "./noCluster";
import { openSession, wantedPrograms } from "./session";
import { asProgramConfig, readProject } from "./stackFiles";

/** A project folder, a kubeconfig and a PATH of one's own. */
describe("openSession", () => {
  let folder: string;
  const before = { ...process.env };
  const { isTTY: isTerminal } = process.stdin;
  const local = "https://127.0.0.1:6443";

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "session-"));
    const keys = { kubeContext: { type: "string" }, kubeconfig: { type: "string" } };
    write("Pulumi.yaml", { name: "sidecar-mesh", runtime: "nodejs", config: keys });
    write("Pulumi.dev.yaml", {});
    process.env.PATH = folder;
    process.env.XDG_STATE_HOME = join(folder, "state");
    // A spec that is run on a terminal must not ask there.
    process.stdin.isTTY = false;
  });
  afterEach(() => {
    process.stdin.isTTY = isTerminal;
    rmSync(folder, { recursive: true });
    for (const name of ["PATH", "KUBECONFIG", "XDG_STATE_HOME"]) {
      if (before[name] === undefined) {
        delete process.env[name];
      } else {
        process.env[name] = before[name];
      }
    }
  });

  /** Puts down a kubeconfig of the embedded cluster, as its start leaves it. */
  function startedSandbox(): void {
    mkdirSync(join(folder, "state", "sidecar-mesh"), { recursive: true });
    kubeconfig(join("state", "sidecar-mesh", "kubeconfig"), "kind-sidecar-mesh", { "kind-sidecar-mesh": local });
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

  /**
   * Puts a tool on PATH that notes how it was called, and prints something.
   * @param makes Context that its call adds to the kubeconfig, as kind and minikube do.
   */
  function tool(name: string, prints = "", makes?: string): () => string[] {
    const calls = join(folder, `${name}.calls`);
    const made = makes && kubeconfig("made", makes, { [makes]: local });
    const add = made ? `[ "$1" = get ] || /bin/cp ${made} "$KUBECONFIG"` : "";
    writeFileSync(join(folder, name), `#!/bin/sh\necho "$*" >> ${calls}\necho "${prints}"\n${add}\n`);
    chmodSync(join(folder, name), 0o755);
    return () => (existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : []);
  }

  async function open(argv: string[], start = false) {
    const lines: string[] = [];
    const ask = () => Promise.resolve(undefined);
    const session = await openSession(parseFlags(argv), (line) => lines.push(line), { start, folder, ask });
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

  it("takes a context whose name is a number in YAML, and refuses a secret one instead of taking another cluster", async () => {
    process.env.KUBECONFIG = kubeconfig("kube", "kind-a", { "kind-a": local, 7: "https://k8s.example.com" });
    write("Pulumi.dev.yaml", { config: { "sidecar-mesh:kubeContext": 7 } });
    assert.equal((await open([])).session.context, "7");
    for (const key of ["kubeContext", "kubeconfig"]) {
      write("Pulumi.dev.yaml", { config: { [`sidecar-mesh:${key}`]: { secure: "v1:abc" } } });
      await assert.rejects(open([]), {
        name: "ConfigError",
        message: new RegExp(
          `sidecar-mesh:${key} = "\\[secret\\]": only the Pulumi CLI .* set it again without --secret`,
        ),
      });
    }
    write("Pulumi.dev.yaml", { config: { "sidecar-mesh:kubeContext": { secure: "v1:abc" } } });
    assert.equal((await open(["--context", "kind-a"])).session.context, "kind-a");
  });

  it("takes auto for what it is", async () => {
    process.env.KUBECONFIG = kubeconfig("kube", "kind-a", { "kind-a": local });
    write("Pulumi.dev.yaml", { config: { "sidecar-mesh:kubeContext": "auto" } });
    assert.equal((await open([])).session.context, "kind-a");
  });

  it("leaves another machine's cluster alone, whatever its name", async () => {
    startedSandbox();
    for (const name of ["sandbox", "minikube", "kind-prod", "docker-desktop"]) {
      process.env.KUBECONFIG = kubeconfig("kube", name, { [name]: "https://k8s.example.com" });
      const { session, said } = await open([]);
      assert.ok(session.embedded);
      assert.match(said, new RegExp(`current context ${name} is not local`));
    }
  });

  it("refuses wrong config before a start, and leaves what has secrets, at whatever depth, to the CLI", async () => {
    process.env.KUBECONFIG = kubeconfig("kube", "kind-a", { "kind-a": local });
    const services = (env: unknown) => ({ "sidecar-mesh:services": [{ name: "shop", path: "/shop", env }] });
    write("Pulumi.dev.yaml", { config: services({ TOKEN: { secure: "v1:abc" } }) });
    assert.equal((await open([], true)).session.context, "kind-a");
    write("Pulumi.dev.yaml", { config: services({ TOKEN: { plain: "abc" } }) });
    await assert.rejects(open([], true), /services\[0\]\.env\.TOKEN/);
  });

  it("refuses a gateway that leads nowhere before a start, unless the services are a secret", async () => {
    process.env.KUBECONFIG = kubeconfig("kube", "kind-a", { "kind-a": local });
    write("Pulumi.dev.yaml", { config: { "sidecar-mesh:services": [{ name: "shop" }] } });
    await assert.rejects(open([], true), /services\[0\]\.path .*no service has a path/);
    await open([]);
    write("Pulumi.dev.yaml", { config: { "sidecar-mesh:services": { secure: "v1:abc" } } });
    await open([], true);
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
      const calls = tool("kind", "", "kind-sidecar-mesh");
      const { session } = await open(["--yes"], true);
      assert.equal(session.context, "kind-sidecar-mesh");
      assert.deepEqual(
        calls().map((call) => call.split(" ").slice(0, 2).join(" ")),
        ["get clusters", "create cluster"],
      );
    });

    it("makes none for a start that was not agreed on", async () => {
      process.env.KUBECONFIG = kubeconfig("kube", "prod-eu", remote);
      const calls = tool("kind");
      await assert.rejects(open([], true), /no cluster: create one with kind create cluster .*, or use --yes/);
      assert.deepEqual(calls(), ["get clusters"]);
    });

    it("makes none for a look or a removal, and says what to do", async () => {
      process.env.KUBECONFIG = kubeconfig("kube", "prod-eu", remote);
      const calls = tool("kind");
      await assert.rejects(open(["--yes"]), (error) => {
        assert.ok(error instanceof NoClusterError);
        assert.match(error.message, /no cluster to look at[^]*npm start.*--context NAME or --sandbox/);
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
      const calls = tool("kind", "sidecar-mesh", "kind-sidecar-mesh");
      await open([], true);
      assert.deepEqual(calls(), ["get clusters", "export kubeconfig --name sidecar-mesh"]);
    });
  });

  it("looks at the embedded cluster where it was started and there is no other, whatever is installed", async () => {
    process.env.KUBECONFIG = kubeconfig("kube", "prod-eu", { "prod-eu": "https://k8s.example.com" });
    const calls = tool("kind");
    startedSandbox();
    const { session, said } = await open([]);
    assert.ok(session.embedded);
    assert.match(said, /prod-eu is not local, and it has no cluster of ours/);
    assert.deepEqual(calls(), []);
  });

  it("offers the clusters that run here before it makes one, and makes none without an answer", async () => {
    const servers = { "prod-eu": "https://k8s.example.com", "docker-desktop": "https://127.0.0.1:6443" };
    process.env.KUBECONFIG = kubeconfig("kube", "prod-eu", servers);
    tool("docker");
    const calls = tool("kind", "", "kind-sidecar-mesh");
    await assert.rejects(open([], true), (error) => {
      assert.ok(error instanceof NoClusterError);
      assert.match(error.message, /Docker Desktop, which runs: npm start -- --context docker-desktop/);
      assert.match(error.message, /npm start -- --yes/);
      return true;
    });
    assert.deepEqual(calls(), []);
    const { session, said } = await open(["--yes"], true);
    assert.equal(session.context, "kind-sidecar-mesh");
    assert.match(said, /Docker Desktop runs here, too; to use it: npm start -- --context docker-desktop/);
  });

  it("makes no minikube profile that was not agreed on", async () => {
    process.env.KUBECONFIG = kubeconfig("kube", "prod-eu", { "prod-eu": "https://k8s.example.com" });
    const calls = tool("minikube");
    await assert.rejects(open([], true), /no cluster: create one with minikube start --profile sidecar-mesh/);
    assert.deepEqual(calls(), []);
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

describe("wantedPrograms", () => {
  const wanted = (config: Record<string, unknown>) => {
    const project = readProject();
    const keyed = Object.fromEntries(Object.entries(config).map(([key, value]) => [`${project.name}:${key}`, value]));
    return wantedPrograms(parseConfig(asProgramConfig({ [`${project.name}:kiali`]: "false", ...keyed }, project)));
  };
  const none = { metricsBackend: "none", tracingBackend: "none", logsBackend: "none" };
  const alone = [{ name: "a", path: "/a" }];

  it("are all unless the stack uses others, or none", () => {
    assert.deepEqual(wanted({}), ["fortio", "prometheus", "jaeger", "otelcol", "loki"]);
    assert.deepEqual(wanted({ metricsBackend: "existing", metricsUrl: "http://p", tracingBackend: "none" }), [
      "fortio",
      "otelcol",
      "loki",
    ]);
    assert.ok(!wanted({ tracingBackend: "zipkin" }).includes("jaeger"));
    const elsewhere = { logsBackend: "otlp", logsUrl: "http://logs" };
    assert.deepEqual(wanted(elsewhere), ["fortio", "prometheus", "jaeger", "otelcol"]);
  });

  it("have fortio where something sends requests: the load generator, or a service that calls another", () => {
    assert.deepEqual(wanted({ ...none, services: alone }), ["fortio"]);
    assert.deepEqual(wanted({ ...none, loadGenerator: "false" }), ["fortio"]);
    assert.deepEqual(wanted({ ...none, services: alone, loadGenerator: "false" }), []);
    assert.deepEqual(wanted({ ...none, services: alone, profile: "prod" }), []);
  });
});

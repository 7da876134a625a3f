import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { chooseCluster, kindOfContext } from "./cluster";
import { kubeconfigFiles, kubeconfigPaths, nodeAddress, readKubeconfig } from "./kubeconfig";
import type { Kubeconfig } from "./kubeconfig";

const kubeconfig: Kubeconfig = {
  current: "kind-kind",
  contexts: ["kind-kind", "minikube", "laptop", "prod-eu"],
  minikubeContexts: ["minikube", "laptop"],
  servers: {},
};

describe("kindOfContext", () => {
  const cases: [string, string][] = [
    ["kind-kind", "kind"],
    ["kind", "kind"],
    ["minikube", "minikube"],
    ["laptop", "minikube"],
    ["sandbox", "remote"],
    ["prod-eu", "remote"],
    ["kindergarten", "remote"],
    ["my-minikube", "remote"],
  ];
  for (const [context, kind] of cases) {
    it(`${context} is ${kind}`, () => assert.equal(kindOfContext(context, kubeconfig), kind));
  }

  it("goes by the API server's address, too", () => {
    const at = (server: string) => kindOfContext("kind-kind", { ...kubeconfig, servers: { "kind-kind": server } }, []);
    assert.equal(at("https://127.0.0.1:51234"), "kind");
    assert.equal(at("https://k8s.example.com"), "remote");
  });
});

describe("chooseCluster", () => {
  it("takes the current context if it is local", () => {
    assert.deepEqual(chooseCluster({}, kubeconfig, false), { context: "kind-kind", kind: "kind" });
  });

  it("refuses a remote current context, in a preview as well, and says how to mean it", () => {
    const remote = { ...kubeconfig, current: "prod-eu" };
    for (const dryRun of [false, true]) {
      assert.throws(
        () => chooseCluster({}, remote, dryRun),
        /"prod-eu\\?" is not a local cluster.*pulumi config set kubeContext prod-eu/,
      );
    }
  });

  it("refuses a current context that has a local cluster's name and another machine's address", () => {
    const servers = { "kind-kind": "https://k8s.example.com" };
    assert.throws(
      () => chooseCluster({}, { ...kubeconfig, servers }, false),
      /"kind-kind\\?" \(https:\/\/k8s\.example\.com\) is not a local cluster/,
    );
    assert.deepEqual(chooseCluster({ context: "kind-kind" }, { ...kubeconfig, servers }, false).kind, "remote");
  });

  it("takes any context that config names", () => {
    assert.deepEqual(chooseCluster({ context: "prod-eu" }, kubeconfig, false), { context: "prod-eu", kind: "remote" });
    assert.deepEqual(chooseCluster({ context: "prod-eu", kind: "kind" }, kubeconfig, false).kind, "kind");
  });

  it("refuses a context that is not there, and lists those that are", () => {
    assert.throws(() => chooseCluster({ context: "prd" }, kubeconfig, false), /no such context.*kind-kind, minikube/);
  });

  it("previews without any cluster, but does nothing without one", () => {
    const none: Kubeconfig = { contexts: [], minikubeContexts: [], servers: {} };
    assert.deepEqual(chooseCluster({}, none, true), { kind: "remote" });
    assert.deepEqual(chooseCluster({ context: "prod-eu" }, none, true), { context: "prod-eu", kind: "remote" });
    assert.throws(
      () => chooseCluster({}, none, false),
      /no cluster: the kubeconfig has no current context \(contexts: none\)/,
    );
    const unset = { ...kubeconfig, current: undefined };
    assert.throws(() => chooseCluster({}, unset, false), /\(contexts: kind-kind, minikube, laptop, prod-eu\)/);
    // With contexts a wrong name is a mistake in a preview as well.
    assert.throws(() => chooseCluster({ context: "prd" }, kubeconfig, true), /no such context/);
  });
});

describe("kubeconfig", () => {
  let folder: string;
  const write = (name: string, content: unknown) => {
    const file = join(folder, name);
    writeFileSync(file, typeof content === "string" ? content : stringify(content));
    return file;
  };
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "kube-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it("merges files as kubectl does: the first current context wins", () => {
    const first = write("a", { contexts: [{ name: "x" }] });
    const second = write("b", {
      "current-context": "y",
      contexts: [
        { name: "y", context: { cluster: "c", extensions: [{ extension: { provider: "minikube.sigs.k8s.io" } }] } },
      ],
    });
    const clusters = [{ name: "c", cluster: { server: "https://192.168.49.2:8443" } }];
    const third = write("c", { "current-context": "z", clusters });
    const { servers, ...rest } = readKubeconfig([first, second, third]);
    assert.deepEqual(rest, { current: "y", contexts: ["x", "y"], minikubeContexts: ["y"] });
    assert.deepEqual(Object.entries(servers), [["y", "https://192.168.49.2:8443"]]);
    assert.equal(servers.constructor, undefined);
  });

  it("passes over what has not the form of a kubeconfig", () => {
    const clusters = [
      "c",
      { name: "c" },
      { name: "c", cluster: { server: 1 } },
      { name: "d", cluster: { server: "https://d" } },
    ];
    const contexts = [
      null,
      { name: "c", context: { cluster: "c" } },
      { name: "d", context: { cluster: 1 } },
      { name: "e" },
    ];
    const empty = write("a", { "current-context": "", clusters: "none", contexts: {} });
    const { servers, ...rest } = readKubeconfig([empty, write("b", { "current-context": 1, clusters, contexts })]);
    assert.deepEqual(rest, { contexts: ["c", "d", "e"], minikubeContexts: [] });
    assert.deepEqual(Object.keys(servers), []);
    assert.deepEqual(readKubeconfig([write("c", "text")]).contexts, []);
  });

  it("knows the contexts whose server is reached through a proxy", () => {
    const cluster = (name: string, proxy?: string) => ({
      name,
      cluster: { server: "https://127.0.0.1", "proxy-url": proxy },
    });
    const context = (name: string, of: string) => ({ name, context: { cluster: of } });
    const file = write("a", {
      clusters: [cluster("near"), cluster("far", "socks5://bastion:1080")],
      contexts: [context("kind-a", "near"), context("kind-b", "far"), context("kind-c", "far")],
    });
    const read = readKubeconfig([file]);
    assert.deepEqual(read.proxied, ["kind-b", "kind-c"]);
    assert.deepEqual(
      read.contexts.map((name) => kindOfContext(name, read, [])),
      ["kind", "remote", "remote"],
    );
  });

  it("takes the API server's host for node ports, unless that is this machine", () => {
    const servers = {
      a: "https://192.168.49.2:8443",
      b: "https://127.0.0.1:51234",
      c: "no URL",
      e: "https://[fd00::2]:1",
    };
    assert.equal(nodeAddress("a", { servers }), "192.168.49.2");
    assert.equal(nodeAddress("e", { servers }), "fd00::2");
    for (const context of ["b", "c", "d", undefined]) {
      assert.equal(nodeAddress(context, { servers }), undefined);
    }
  });

  it("finds the files that exist: the given one, KUBECONFIG, or the default", () => {
    const file = write("a", {});
    assert.deepEqual(kubeconfigFiles(file, {}), [file]);
    assert.deepEqual(kubeconfigFiles(undefined, { KUBECONFIG: `${file}:${folder}/none` }), [file]);
    assert.deepEqual(kubeconfigFiles(`${folder}/none`, {}), []);
    assert.deepEqual(kubeconfigPaths(undefined, { KUBECONFIG: `:${file}:` }), [file]);
    assert.deepEqual(kubeconfigPaths(undefined, {}), [join(homedir(), ".kube", "config")]);
  });

  it("names a file that can't be read", () => {
    const file = write("bad", "a: [");
    assert.throws(() => readKubeconfig([file]), new RegExp(`kubeconfig ${file} can't be read`));
  });
});

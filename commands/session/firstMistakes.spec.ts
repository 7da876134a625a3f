import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { answerMs, askServer } from "./askServer";
import type { Command } from "../shared/defineCommand";
import { projectFolder } from "./stackFiles";

/** The npm scripts that are commands of ours, by name. */
const scripts = Object.entries(
  (JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8")) as { scripts: Record<string, string> })
    .scripts,
).flatMap(([name, line]) => {
  const [, file] = /^node --require \.\/loader\.cjs (commands\/[\w/]+\.ts)$/.exec(line) ?? [];
  return file === undefined ? [] : [{ name, file }];
});

async function load(file: string): Promise<Command> {
  return ((await import(join(projectFolder, file))) as { command: Command }).command;
}

/** Commands that go to a cluster, but for one that does so only if asked. */
const goesToCluster = [
  "start",
  "down",
  "traffic",
  "verify",
  "dashboards",
  "trace",
  "edges",
  "tap",
  "support",
  "canary",
];

/** Words that a command takes besides flags. */
const words: Record<string, string[]> = { tap: ["user-service"], canary: ["user-service", "v2"] };

describe("a first mistake", function () {
  this.timeout(60_000);
  let folder: string;
  let kubeconfig: string;
  let port: number;
  const before = { ...process.env };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "mistake-"));
    mkdirSync(join(folder, "bin"));
    port = await closedPort();
    kubeconfig = join(folder, "config");
    const server = `https://127.0.0.1:${port}`;
    const content = {
      "current-context": "kind-here",
      clusters: [{ name: "c", cluster: { server } }],
      contexts: ["kind-here", "prod-eu"].map((name) => ({ name, context: { cluster: "c" } })),
    };
    writeFileSync(kubeconfig, stringify(content));
    Object.assign(process.env, {
      PATH: join(folder, "bin"),
      HOME: folder,
      XDG_STATE_HOME: join(folder, "state"),
      XDG_CACHE_HOME: join(folder, "cache"),
      KUBECONFIG: kubeconfig,
    });
  });
  afterEach(() => {
    for (const name of ["PATH", "HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "KUBECONFIG"]) {
      delete process.env[name];
      Object.assign(process.env, before[name] !== undefined && { [name]: before[name] });
    }
    rmSync(folder, { recursive: true });
  });

  /** Title, what is typed, what the message has to say, the exit code, and the commands that it is of. */
  interface Mistake {
    title: string;
    argv: string[];
    says: () => (string | RegExp)[];
    code: 2 | 3;
    of: string[];
    /** There is no kubeconfig. */
    bare?: boolean;
  }

  const withContext = [...goesToCluster, "ci:preview"];
  const mistakes: Mistake[] = [
    {
      title: "a local cluster that does not run",
      argv: [],
      says: () => [
        "context kind-here of kind: its cluster does not answer",
        `looked for https://127.0.0.1:${port}, from ${kubeconfig}: the connection is refused`,
        "start it: docker start here-control-plane",
      ],
      code: 3,
      of: goesToCluster,
    },
    {
      title: "a named cluster that does not answer",
      argv: ["--context", "prod-eu"],
      says: () => ["context prod-eu: its cluster does not answer", "kubectl --context prod-eu cluster-info"],
      code: 3,
      of: withContext,
    },
    {
      title: "a context that does not exist",
      argv: ["--context", "kind-hree"],
      says: () => [
        `--context kind-hree: no such context in ${kubeconfig}; did you mean kind-here?`,
        "it has kind-here, prod-eu; kubectl config get-contexts",
      ],
      code: 2,
      of: withContext,
    },
    {
      title: "a context without a kubeconfig",
      argv: ["--context", "kind-here"],
      says: () => [
        "--context kind-here: there is no kubeconfig; looked for",
        join(folder, ".kube", "config"),
        "npm start",
      ],
      code: 3,
      of: withContext,
      bare: true,
    },
    {
      title: "a kubeconfig that does not exist",
      argv: ["--kubeconfig", "/nonexistent"],
      says: () => ["--kubeconfig /nonexistent: there is no such file"],
      code: 2,
      of: goesToCluster,
    },
    {
      title: "nothing that runs",
      argv: [],
      says: () => ["there is no cluster to look at", join(folder, ".kube", "config"), "bring one up with npm start"],
      code: 3,
      of: goesToCluster.filter((name) => name !== "start"),
      bare: true,
    },
    {
      title: "an embedded cluster that does not run",
      argv: ["--sandbox"],
      says: () => [
        "the embedded cluster (--sandbox) does not run",
        `looked for ${join(folder, "state", "sidecar-mesh", "kubeconfig")}`,
        "npm start -- --sandbox",
      ],
      code: 3,
      of: goesToCluster.filter((name) => name !== "start"),
    },
    {
      title: "a first start where a cluster would have to be built",
      argv: [],
      // Which of the two depends on the machine.
      says: () => [/no cluster was agreed on[^]*10 to 30 minutes[^]*--yes|none can be built here[^]*: /],
      code: 3,
      of: ["start"],
      bare: true,
    },
    {
      title: "an unknown flag",
      argv: ["--jsno"],
      says: () => ["--jsno: no such flag; did you mean --json? --help lists all"],
      code: 2,
      of: scripts.map(({ name }) => name),
    },
  ];

  for (const { title, argv, says, code, of, bare } of mistakes) {
    describe(title, () => {
      for (const { name, file } of scripts.filter((script) => of.includes(script.name))) {
        it(`npm run ${name}`, async () => {
          if (bare) {
            delete process.env.KUBECONFIG;
          }
          const command = await load(file);
          const said: string[] = [];
          const started = performance.now();
          const print = (text: string) => said.push(text);
          assert.equal(
            await command.execute([...(words[name] ?? []), ...argv], { out: print, err: print }),
            code,
            said.join("\n"),
          );
          assert.ok(performance.now() - started < answerMs, "within five seconds");
          const message = said.at(-1)!;
          assert.match(message, /^error: /);
          for (const part of says()) {
            assert.ok(
              typeof part === "string" ? message.includes(part) : part.test(message),
              `${message}\nlacks ${part}`,
            );
          }
        });
      }
    });
  }

  it("is looked for in all commands", async () => {
    const names = await Promise.all(
      scripts.map(async ({ name, file }) => ((await load(file)).help.includes("--context NAME") ? [name] : [])),
    );
    assert.deepEqual(names.flat().sort(), [...withContext].sort());
  });
});

describe("askServer", () => {
  it("gives up on a server that takes a connection and does not answer", async () => {
    const server = createServer(() => undefined);
    const port = await new Promise<number>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)),
    );
    try {
      assert.equal(await askServer(`https://127.0.0.1:${port}`, 100), "no answer within 0.1 s");
    } finally {
      server.close();
    }
  });

  it("says why a name leads nowhere, and that a URL is none", async () => {
    assert.match((await askServer("https://nowhere.invalid"))!, /name/);
    assert.equal(await askServer("nowhere"), "this is no URL");
  });
});

/** @returns a port at which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)),
  );
  await new Promise((resolve) => server.close(resolve));
  return port;
}

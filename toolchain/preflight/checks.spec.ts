import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findOnPath } from "../../commands/findOnPath";
import { statePaths } from "../paths";
import { preflight } from "./checks";
import { PreflightError } from "./problem";
import type { Problem } from "./problem";

/** A port of the cluster that nothing else is likely to have. */
const kubeScheduler = { port: 10259, host: "127.0.0.1" };

const isSandboxMachine = process.platform === "linux" && process.arch === "x64" && process.getuid?.() === 0;

describe("preflight", () => {
  let folder: string;
  const { PATH } = process.env;

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "preflight-"))));
  afterEach(() => {
    process.env.PATH = PATH;
    rmSync(folder, { recursive: true });
  });

  /** Nothing is built below `folder`: all that building needs is asked for. */
  async function problems(fresh = false): Promise<readonly Problem[]> {
    return preflight(statePaths({ XDG_STATE_HOME: folder }), join(folder, "cache"), fresh).then(
      () => [],
      (error: unknown) => {
        assert.ok(error instanceof PreflightError, String(error));
        return error.problems;
      },
    );
  }

  /** A PATH with these commands alone. */
  function onlyCommands(...names: string[]): void {
    for (const name of names) {
      const path = findOnPath(name);
      assert.ok(path, `${name} is on PATH`);
      symlinkSync(path, join(folder, name));
    }
    process.env.PATH = folder;
  }

  if (process.platform === "linux" && process.arch === "x64") {
    it("names each program that building or running needs, with the package that brings it, all at once", async () => {
      onlyCommands("ldd", "cat", "bash", "sh", "dpkg-query");
      const found = await problems();
      const fixOf = (start: string) => found.find(({ cause }) => cause.startsWith(start))?.fix;
      assert.match(fixOf("openssl version does not run") ?? "", /apt-get install openssl/);
      assert.match(fixOf("ip -V does not run") ?? "", /apt-get install iproute2/);
      assert.match(fixOf("go version does not run") ?? "", /Go 1\.26 or newer from https:\/\/go\.dev\/dl/);
      assert.match(fixOf("python3 -m pip --version does not run") ?? "", /apt-get install python3 python3-pip/);
    });

    it("says what it is about where packages are not Debian's", async () => {
      onlyCommands("ldd", "cat", "bash", "sh");
      assert.match(
        (await problems()).find(({ cause }) => cause === "no dpkg here")?.fix ?? "no such problem",
        /use Debian or Ubuntu/,
      );
    });
  } else {
    it("says at once that the sandbox is for Linux on x64, and what to use instead", async () => {
      const [only, ...more] = await problems();
      assert.match(only?.cause ?? "", /the sandbox's binaries are for Linux on x64/);
      assert.match(only?.fix ?? "", /minikube or kind/);
      assert.deepEqual(more, []);
    });
  }

  if (isSandboxMachine) {
    it("names the port that is taken, what needs it, and by which process it is taken", async () => {
      const server = await listen();
      onlyCommands("ldd", "cat", "bash", "sh");
      try {
        const port = `port ${kubeScheduler.port} on`;
        const { cause = "" } = (await problems(true)).find(({ cause }) => cause.includes(port)) ?? {};
        const owner = server ? `${readFileSync("/proc/self/comm", "utf8").trim()} (process ${process.pid})` : "";
        const said = `${port} 127.0.0.1, needed by kube-scheduler, is taken by ${owner}`;
        assert.ok(cause.startsWith(said), cause);
      } finally {
        server?.close();
      }
    });
  }

  /** @returns undefined where somebody listens already: a sandbox that runs, for one. */
  function listen(): Promise<Server | undefined> {
    return new Promise((resolve) => {
      const server = createServer();
      server.on("error", () => resolve(undefined)).listen(kubeScheduler, () => resolve(server));
    });
  }
});

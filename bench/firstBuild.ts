/**
 * The sandbox's first start on a machine that has built nothing: with caches of its own, which are empty and go away afterwards. Says when
 * the programs of Kubernetes and Istio are there, when the node is Ready, and when the programs of observability are there. It takes
 * half an hour and ten gigabytes; whatever else is at work on the machine makes it longer.
 *
 *   tsx bench/firstBuild.ts [file.json]
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { projectFolder } from "../commands/stackFiles";
import { down } from "../toolchain";
import { writeResults } from "./measure";

/** What a start says once a step is done. */
const steps = {
  "programs of Kubernetes and Istio": /programs are there/,
  "nodes Ready": /the nodes are ready/,
  "programs of observability": /programs of observability are there/,
};

/** Runs a command of the sandbox. @returns seconds until each step was done. */
async function timed(command: string, env: NodeJS.ProcessEnv): Promise<Record<string, number>> {
  const started = performance.now();
  const child = spawn("npm", ["run", "--silent", "sandbox", "--", command], {
    cwd: projectFolder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  const seconds: Record<string, number> = {};
  for await (const line of createInterface({ input: child.stdout })) {
    console.error(line);
    for (const [name, said] of Object.entries(steps)) {
      if (said.test(line)) {
        seconds[name] ??= (performance.now() - started) / 1000;
      }
    }
  }
  const code = await ended;
  if (code !== 0) {
    throw new Error(`npm run sandbox -- ${command} ended with exit code ${code}`);
  }
  return seconds;
}

async function main(): Promise<void> {
  const output = process.argv[2] ?? "bench/results/first-build.json";
  // A machine has one sandbox: the one that is there makes room, and keeps its data.
  await down();
  const folder = mkdtempSync(join(tmpdir(), "first-build-"));
  const env = {
    XDG_CACHE_HOME: join(folder, "cache"),
    XDG_STATE_HOME: join(folder, "state"),
    GOPATH: join(folder, "go"),
    GOCACHE: join(folder, "go-build"),
    // Go keeps its modules read-only, so that nothing but Go itself can remove them.
    GOFLAGS: "-modcacherw",
  };
  try {
    const seconds = await timed("up", env).finally(() => timed("reset", env));
    console.log("| first start | since it began |\n| --- | ---: |");
    for (const [name, value] of Object.entries(seconds)) {
      console.log(`| ${name} | ${Math.floor(value / 60)} min ${Math.round(value % 60)} s |`);
    }
    writeResults(output, { seconds });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();

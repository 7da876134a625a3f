import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { projectFolder } from "../commands/session/stackFiles";
import { expectedInfo, up as sandboxUp } from "../toolchain";
import { KubeClient } from "../cluster/kubeClient";
import { statePaths } from "../toolchain/paths";
import { running } from "../toolchain/system/daemon";
import { parentOf } from "../toolchain/system/proc";
import { run } from "../toolchain/system/run";
import type { Moment } from "./support/moments";
import { momentsOf, tellingMoments } from "./support/moments";

const help = `npx tsx test/interruption.ts [--seed N] [--moments N] [--skip N] [--telling] [-c KEY=VALUE]... [-v]

Interrupts "npm start" on the embedded cluster at random moments, and sees whether the next one ends well with no step by hand.
Each moment is one of: npm start killed with -9, alone or with the pulumi it runs; npm run down killed; the API server, istiod
or kubelet killed. It starts from an empty cluster, or changes a stack that runs. After one in four npm run down comes next, which must
leave nothing of the mesh. The same seed gives the same moments; --skip leaves out the first ones. Takes about two minutes a moment.

--telling takes three moments instead that are hard to mend: Helm is killed while it installs istiod, while it upgrades istiod (and the
next run goes back, not on), and while it removes the gateway. -v shows what the run says that mends it.
Ends with survived/tried, and exit code 1 if they are not the same.`;

/** A run of `npm start`, in a process group of its own. */
interface Run {
  pid: number;
  ended: Promise<{ code: number | null; said: string }>;
}

/**
 * Texts of the services, and a setting of Istio's; to change from one to the other is to update Deployments and a
 * release.
 */
type Variant = "first" | "second";

function settingsOf(variant: Variant): string[] {
  const services = [
    { name: "user-service", text: `user, ${variant}`, path: "/user" },
    { name: "payment-service", text: `payment, ${variant}`, path: "/payment", allowFrom: ["user-service"] },
  ];
  const meshConfig = { defaultConfig: { drainDuration: variant === "first" ? "45s" : "46s" } };
  return ["-c", `services=${JSON.stringify(services)}`, "-c", `istioMeshConfig=${JSON.stringify(meshConfig)}`];
}

class Interruption {
  /** Milliseconds of an undisturbed run, by what it starts from. */
  private readonly durations: Partial<Record<Moment["from"], number>> = {};
  private variant: Variant = "first";

  constructor(
    private readonly flags: string[],
    private readonly verbose: boolean,
  ) {}

  /** Makes one attempt. @returns why it was not survived; undefined if it was. */
  async attempt(moment: Moment): Promise<string | undefined> {
    const whole = typeof moment.at === "number" ? await this.durationOf(moment.from) : undefined;
    await this.prepare(moment.from);
    const target = this.next();
    const started = Date.now();
    const disturbed =
      moment.blow === "kill npm run down" ? this.spawn("commands/down/down.ts", []) : this.start(target);
    const over = new AbortController();
    const when = typeof moment.at === "number" ? sleep(whole! * moment.at) : untilStatus(moment.at, over.signal);
    const first = await Promise.race([disturbed.ended, when]);
    over.abort();
    const after = seconds(started);
    await strike(moment, disturbed);
    const { code } = first ?? (await disturbed.ended);
    if (first && typeof moment.at !== "number") {
      return `the run was over, and ${moment.at.release} never was seen ${moment.at.status}`;
    }
    const outcome = first ? "was over" : code ? "failed" : "ended well";
    const said = moment.blow.startsWith("kill npm") && !first ? "was killed" : outcome;
    console.log(
      `    after ${after} s${whole === undefined ? "" : ` of ${(whole / 1000).toFixed(1)}`}; the run ${said}`,
    );
    return (moment.downNext ? await this.goDown() : undefined) ?? this.recover(moment.back ? this.variant : target);
  }

  /** `npm run down` as the next. */
  private async goDown(): Promise<string | undefined> {
    const started = Date.now();
    const { code, said } = await this.spawn("commands/down/down.ts", []).ended;
    if (code !== 0 || !said.includes("audit: no resource definition")) {
      return `the next npm run down ended with ${code}:\n${said}`;
    }
    console.log(`    npm run down left nothing, in ${seconds(started)} s`);
    return undefined;
  }

  /** The next `npm start`, and what it has to bring about. */
  private async recover(target: Variant): Promise<string | undefined> {
    const started = Date.now();
    const { code, said } = await this.start(target).ended;
    const took = seconds(started);
    if (code !== 0) {
      return `the next npm start ended with ${code}:\n${said}`;
    }
    if (this.verbose) {
      console.log(said.replace(/^/gm, "    | "));
    }
    const wrong = (await answersOf(target)) ?? (await unfinishedReleases());
    if (wrong !== undefined) {
      return wrong;
    }
    const again = await this.start(target).ended;
    if (again.code !== 0 || !/Resources:\s+\d+ unchanged/.test(again.said)) {
      return `the one after it changed something:\n${again.said}`;
    }
    this.variant = target;
    console.log(`    the next one mended it in ${took} s`);
    return undefined;
  }

  private async durationOf(from: Moment["from"]): Promise<number> {
    return this.durations[from] ?? (await this.measure(from));
  }

  private async measure(from: Moment["from"]): Promise<number> {
    await this.prepare(from);
    const target = this.next();
    const started = Date.now();
    const { code, said } = await this.start(target).ended;
    if (code !== 0) {
      throw new Error(`an undisturbed npm start ended with ${code}:\n${said}`);
    }
    this.variant = target;
    return (this.durations[from] = Date.now() - started);
  }

  private async prepare(from: Moment["from"]): Promise<void> {
    const { code, said } =
      from === "nothing" ? await this.spawn("commands/down/down.ts", []).ended : await this.start(this.variant).ended;
    if (code !== 0) {
      throw new Error(`to start from ${from} can't be arranged:\n${said}`);
    }
  }

  private next(): Variant {
    return this.variant === "first" ? "second" : "first";
  }

  private start(variant: Variant): Run {
    return this.spawn("commands/up/up.ts", settingsOf(variant));
  }

  private spawn(command: string, settings: string[]): Run {
    const child = spawn(
      process.execPath,
      ["--require", "./loader.cjs", command, "--sandbox", "--yes", ...this.flags, ...settings],
      {
        cwd: projectFolder,
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, KUBECONFIG: "/nonexistent" },
      },
    );
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (said += text));
    }
    // A pulumi that outlives its parent keeps the pipes open: the end of the process is what counts.
    const ended = new Promise<{ code: number | null; said: string }>((resolve, reject) =>
      child.on("error", reject).on("exit", (code) => resolve({ code, said })),
    );
    return { pid: child.pid!, ended };
  }
}

function seconds(since: number): string {
  return ((Date.now() - since) / 1000).toFixed(1);
}

/** Waits until Helm has noted a state of a release, in whichever namespace. */
async function untilStatus(
  { release, status }: { release: string; status: string },
  signal: AbortSignal,
): Promise<undefined> {
  const { kubeconfig, context } = expectedInfo();
  const client = KubeClient.connect(kubeconfig, context);
  for (; !signal.aborted; await sleep(50)) {
    const notes = (await client.list("v1", "Secret")).map(({ metadata }) => metadata?.labels ?? {});
    if (notes.some((labels) => labels.owner === "helm" && labels.name === release && labels.status === status)) {
      return undefined;
    }
  }
}

async function strike({ blow, whole }: Moment, { pid }: Run): Promise<void> {
  const { binDir, kubeconfig } = expectedInfo();
  const component = { "kill the API server": "kube-apiserver", "kill kubelet": "kubelet" } as const;
  switch (blow) {
    case "kill npm start":
      return kill(pid);
    case "kill npm start and what it runs":
    case "kill npm run down": {
      const plugins = whole ? descendantsOf(pid) : [];
      [-pid, ...plugins].forEach(kill);
      return;
    }
    case "kill istiod":
      await run(`${binDir}/kubectl`, [
        ...["--kubeconfig", kubeconfig, "-n", "istio-system", "delete", "pod", "-l", "app=istiod"],
        ...["--ignore-not-found", "--force", "--grace-period=0", "--wait=false"],
      ]);
      return;
    default: {
      const record = running(join(statePaths().run, "daemons"), component[blow]);
      if (record) {
        kill(record.pid);
      }
      // The sandbox's processes have no supervisor, so they are restarted here.
      await sleep(1000);
      await sandboxUp({ log: () => undefined });
    }
  }
}

function descendantsOf(pid: number): number[] {
  const children = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && parentOf(Number(name)) === pid);
  return children.flatMap((child) => [Number(child), ...descendantsOf(Number(child))]);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
      throw error;
    }
  }
}

/** @returns what is wrong with the services' answers, undefined if nothing is. */
async function answersOf(variant: Variant): Promise<string | undefined> {
  const url = expectedInfo().gatewayUrl;
  let wrong: string | undefined;
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(250)) {
    wrong = undefined;
    for (const service of ["user", "payment"]) {
      const text = await fetch(`${url}/${service}`).then(
        (response) => response.text(),
        (error: Error) => error.message,
      );
      if (text.trim() !== `${service}, ${variant}`) {
        wrong = `/${service} answers ${JSON.stringify(text)}`;
      }
    }
    if (wrong === undefined) {
      return undefined;
    }
  }
  return wrong;
}

/** @returns the releases that Helm takes for unfinished, undefined if there is none. */
async function unfinishedReleases(): Promise<string | undefined> {
  const { binDir, kubeconfig } = expectedInfo();
  const list = await run(`${binDir}/helm`, ["--kubeconfig", kubeconfig, "list", "-A", "-a", "-o", "json"]);
  const releases = JSON.parse(list) as { name: string; status: string }[];
  const unfinished = releases.filter(({ status }) => status !== "deployed");
  return unfinished.length > 0 ? `unfinished: ${JSON.stringify(unfinished)}` : undefined;
}

function titleOf({ blow, from, whole, downNext }: Moment): string {
  const plugins = whole && !blow.endsWith("npm start") && blow.startsWith("kill npm") ? " (all of it)" : "";
  return `${blow}${plugins}, from ${from}${downNext ? "; npm run down next" : ""}`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: String(Date.now() % 100_000) },
      moments: { type: "string", default: "20" },
      skip: { type: "string", default: "0" },
      config: { type: "string", short: "c", multiple: true, default: [] },
      telling: { type: "boolean", default: false },
      verbose: { type: "boolean", short: "v", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const [seed, count, skip] = [Number(values.seed), Number(values.moments), Number(values.skip)];
  const wrong = ![seed, count, skip].every((number) => Number.isInteger(number) && number >= 0) || count > 200;
  if (values.help || wrong || skip >= count) {
    console.log(help);
    process.exit(values.help ? 0 : 2);
  }
  const moments = values.telling ? tellingMoments.slice(0, count) : momentsOf(seed, count);
  const which = values.telling ? "telling" : `of seed ${seed}`;
  console.log(`${moments.length} moments, ${which}`);
  const flags = values.config.flatMap((setting) => ["-c", setting]);
  const interruption = new Interruption(flags, values.verbose);
  let [survived, tried] = [0, 0];
  for (const [i, moment] of [...moments.entries()].slice(skip)) {
    console.log(`${i + 1}: ${titleOf(moment)}`);
    tried++;
    const failure = await interruption.attempt(moment).catch((error: unknown) => String(error));
    if (failure === undefined) {
      survived++;
    } else {
      console.log(`    NOT SURVIVED: ${failure}`);
    }
  }
  console.log(`survived ${survived}/${tried}`);
  process.exit(survived === tried ? 0 : 1);
}

if (require.main === module) {
  void main();
}

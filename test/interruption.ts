import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { projectFolder } from "../commands/stackFiles";
import { expectedInfo, up as sandboxUp } from "../sandbox";
import { statePaths } from "../sandbox/paths";
import { running } from "../sandbox/system/daemon";
import { run } from "../sandbox/system/run";

const help = `npx tsx test/interruption.ts [--seed N] [--moments N] [--skip N] [--engine in-process|cli] [-c KEY=VALUE]... [-v]

Interrupts "npm start" on the embedded cluster at random moments, and sees whether the next one ends well with no step by hand.
Each moment is one of: npm start killed with -9, alone or with the helm or pulumi it runs; npm run down killed; the API server, istiod
or kubelet killed. It starts from an empty cluster, or changes a stack that runs. After one in four npm run down comes next, which must
leave nothing of the mesh. The same seed gives the same moments; --skip leaves out the first ones. Takes about two minutes a moment.
-v shows what the run says that mends it. Ends with survived/tried, and exit code 1 if they are not the same.`;

/** What is done to a run. */
const kills = ["kill npm start", "kill npm start and what it runs"] as const;
const others = ["kill the API server", "kill istiod", "kill kubelet", "kill npm run down"] as const;

/** One interruption. */
interface Moment {
  blow: (typeof kills)[number] | (typeof others)[number];
  /** Whether there is nothing in the cluster before, or a stack that the run changes. */
  from: "nothing" | "a running stack";
  /** When, as a part of the time that an undisturbed run takes. */
  at: number;
  /** Whether the next is `npm run down`, before `npm start`. */
  downNext: boolean;
}

/** A run of `npm start`, in a process group of its own. */
interface Run {
  pid: number;
  ended: Promise<{ code: number | null; said: string }>;
}

/** Random numbers from 0 to 1 that a seed determines (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @returns the moments of a seed: each blow in turn, the killing of npm start most often. */
export function momentsOf(seed: number, count: number): Moment[] {
  const [random, randomNext] = [randomFrom(seed), randomFrom(seed + 1)];
  return Array.from({ length: count }, (_, i): Moment => {
    // Every fourth moment is a blow to the cluster instead.
    const blow = i % 4 === 2 ? others[Math.floor(i / 4) % others.length]! : kills[Math.floor(random() * kills.length)]!;
    const from = random() < 0.6 && blow !== "kill npm run down" ? "nothing" : "a running stack";
    return { blow, from, at: 0.02 + 0.96 * random(), downNext: randomNext() < 0.25 };
  });
}

/** Texts of the services, and a setting of Istio's; to change from one to the other is to update Deployments and a release. */
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
    const whole = this.durations[moment.from] ?? (await this.measure(moment.from));
    await this.prepare(moment.from);
    const target = this.next();
    const delay = Math.round(whole * moment.at);
    const disturbed = moment.blow === "kill npm run down" ? this.spawn("commands/down.ts", []) : this.start(target);
    const first = await Promise.race([disturbed.ended, sleep(delay)]);
    await strike(moment.blow, disturbed);
    const { code } = first ?? (await disturbed.ended);
    const ended = moment.blow.startsWith("kill npm") ? "killed" : code === 0 ? "ended well" : "failed";
    console.log(`    after ${(delay / 1000).toFixed(1)} of ${(whole / 1000).toFixed(1)} s; the run ${ended}`);
    return (moment.downNext ? await this.goDown() : undefined) ?? this.recover(target);
  }

  /** `npm run down` as the next. */
  private async goDown(): Promise<string | undefined> {
    const started = Date.now();
    const { code, said } = await this.spawn("commands/down.ts", []).ended;
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
    if (
      again.code !== 0 ||
      !/0 created, 0 updated, \d+ unchanged, 0 deleted|Resources:\s+\d+ unchanged/.test(again.said)
    ) {
      return `the one after it changed something:\n${again.said}`;
    }
    this.variant = target;
    console.log(`    the next one mended it in ${took} s`);
    return undefined;
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
      from === "nothing" ? await this.spawn("commands/down.ts", []).ended : await this.start(this.variant).ended;
    if (code !== 0) {
      throw new Error(`to start from ${from} can't be arranged:\n${said}`);
    }
  }

  private next(): Variant {
    return this.variant === "first" ? "second" : "first";
  }

  private start(variant: Variant): Run {
    return this.spawn("commands/up.ts", settingsOf(variant));
  }

  private spawn(command: string, settings: string[]): Run {
    const child = spawn(process.execPath, ["--import", "tsx", command, "--sandbox", ...this.flags, ...settings], {
      cwd: projectFolder,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, KUBECONFIG: "/nonexistent" },
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (said += text));
    }
    // A helm that outlives its parent keeps the pipes open: the end of the process is what counts.
    const ended = new Promise<{ code: number | null; said: string }>((resolve, reject) =>
      child.on("error", reject).on("exit", (code) => resolve({ code, said })),
    );
    return { pid: child.pid!, ended };
  }
}

function seconds(since: number): string {
  return ((Date.now() - since) / 1000).toFixed(1);
}

async function strike(blow: Moment["blow"], { pid }: Run): Promise<void> {
  const { binDir, kubeconfig } = expectedInfo();
  const component = { "kill the API server": "kube-apiserver", "kill kubelet": "kubelet" } as const;
  switch (blow) {
    case "kill npm start":
      return kill(pid);
    case "kill npm start and what it runs":
    case "kill npm run down":
      return kill(-pid);
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
      // Nobody watches over the sandbox's processes; this is what a supervisor would do.
      await sleep(1000);
      await sandboxUp({ log: () => undefined });
    }
  }
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
  const url = `http://${expectedInfo().nodeIp}:30080`;
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

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: String(Date.now() % 100_000) },
      moments: { type: "string", default: "20" },
      skip: { type: "string", default: "0" },
      engine: { type: "string", default: "in-process" },
      config: { type: "string", short: "c", multiple: true, default: [] },
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
  console.log(`seed ${seed}, ${count} moments, engine ${values.engine}`);
  const flags = ["--engine", values.engine, ...values.config.flatMap((setting) => ["-c", setting])];
  const interruption = new Interruption(flags, values.verbose);
  let survived = 0;
  for (const [i, moment] of momentsOf(seed, count).entries()) {
    if (i < skip) {
      continue;
    }
    console.log(`${i + 1}: ${moment.blow}, from ${moment.from}${moment.downNext ? "; npm run down next" : ""}`);
    const failure = await interruption.attempt(moment).catch((error: unknown) => String(error));
    if (failure === undefined) {
      survived++;
    } else {
      console.log(`    NOT SURVIVED: ${failure}`);
    }
  }
  console.log(`survived ${survived}/${count - skip}`);
  process.exit(survived === count - skip ? 0 : 1);
}

if (require.main === module) {
  void main();
}

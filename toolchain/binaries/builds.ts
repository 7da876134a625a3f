import { type Logger, StatusLine, type Terminal } from "../system/statusLine";
import { isMeasured, measured, processorSeconds } from "../system/run";
import type { GroupName } from "./groups";
import { estimate, kindOfLine, type Part, paceOf, progressText } from "./progress";

/** What it takes to build a group. */
export interface BuildCost {
  /** Seconds on two processors with nothing else at work. */
  seconds: number;
  /** Packages that are compiled, those that a group before it has compiled left out. */
  packages: number;
  /**
   * Most of its time goes into packages that wait for each other, on one processor: another group is compiled beside
   * it.
   */
  inSequence?: boolean;
}

/**
 * Every group, in the order in which they are built where several are wanted: what traffic needs comes first, and of
 * that what others wait for. Packages are counted by `go list -deps`. Seconds are what progress is reckoned with, and
 * corrected by the speed of the machine; take them from `npm run bench:first-build` when a group's packages change.
 */
export const buildCosts: Readonly<Record<GroupName, BuildCost>> = {
  core: { seconds: 560, packages: 4450 },
  etcd: { seconds: 18, packages: 115 },
  "local-path": { seconds: 6, packages: 6 },
  "http-echo": { seconds: 3, packages: 2 },
  fortio: { seconds: 8, packages: 30 },
  pulumi: { seconds: 190, packages: 1190 },
  "pulumi-kubernetes": { seconds: 250, packages: 295, inSequence: true },
  ratelimit: { seconds: 10, packages: 60 },
  "istio-cni": { seconds: 10, packages: 40 },
  prometheus: { seconds: 110, packages: 435 },
  alertmanager: { seconds: 48, packages: 300 },
  jaeger: { seconds: 160, packages: 1365 },
  otelcol: { seconds: 70, packages: 425 },
  loki: { seconds: 245, packages: 1145 },
  "pulumi-languages": { seconds: 60, packages: 150 },
  "cert-manager": { seconds: 150, packages: 600 },
  kwok: { seconds: 110, packages: 675 },
};

/** @returns a group's place in the order. Pure. */
function rankOf(name: GroupName): number {
  return Object.keys(buildCosts).indexOf(name);
}

/**
 * Milliseconds between two looks at the progress: on a terminal one line is written again and again, elsewhere each is
 * a new one.
 */
const everyMs = { terminal: 1000, plain: 60_000 };

/** A group that waits for its turn. */
interface Waiting {
  name: GroupName;
  begin: () => void;
  fail: (error: unknown) => void;
}

/**
 * The builds of a process. One group is compiled at a time, because Go uses every processor for one, and beside it one
 * that uses one processor for most of its time. Of those that wait, the one that traffic needs most comes first. What
 * is downloaded comes ahead of what is compiled. It tells how far all of them are.
 */
export class Builds {
  private readonly parts = new Map<string, Part>();
  private readonly waiting: Waiting[] = [];
  private readonly downloads = new Map<GroupName, Promise<unknown>>();
  private downloading: Promise<unknown> = Promise.resolve();
  private readonly compiling = new Set<GroupName>();
  private hasFailed = false;
  private elapsedMs = 0;
  private lastMs: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private tell: ((text: string) => void) | undefined;
  private status: StatusLine | undefined;

  /** @param now Milliseconds of a clock that only goes on. */
  constructor(
    private readonly now: () => number = () => performance.now(),
    private readonly intervalMs = everyMs,
  ) {}

  /**
   * Sets where progress is shown: on a terminal in one line, elsewhere, or if `quiet`, in a line a minute.
   * @returns the logger to use from then on, whose lines come above that one.
   */
  showProgress(
    log: Logger,
    { quiet = false, terminal = process.stderr }: { quiet?: boolean; terminal?: Terminal & { isTTY?: boolean } } = {},
  ): Logger {
    this.tell = log;
    if (quiet || !terminal.isTTY) {
      return log;
    }
    this.status = new StatusLine(terminal);
    return this.status.above(log);
  }

  /**
   * Says which groups will be built, so that those that come later wait for them. Those that are known already are left
   * as they are.
   */
  expect(names: readonly GroupName[]): void {
    for (const name of names) {
      this.partOf(name);
    }
  }

  /**
   * Downloads what a group is made from once what was asked for before is there. Failures are left to the build, which
   * says more; after a build that failed nothing is downloaded ahead.
   */
  downloadAhead(name: GroupName, download: () => Promise<unknown>): void {
    if (!this.downloads.has(name)) {
      this.downloading = this.downloading.then(() => this.hasFailed || download()).catch(() => undefined);
      this.downloads.set(name, this.downloading);
    }
  }

  /** Settles once a download ahead is over. */
  async downloaded(name: GroupName): Promise<void> {
    await this.downloads.get(name);
  }

  /** Takes a group off the list: it was built elsewhere, or never will be. */
  drop(name: GroupName): void {
    const part = this.parts.get(name);
    if (part?.state === "waiting") {
      this.parts.delete(name);
      this.beginNext();
    }
  }

  /**
   * Builds a group when it is its turn. If one fails, those that wait fail with the same error: what wanted them is not
   * going to be.
   * @param log Where progress goes if nothing else was set.
   * @param work Gives each line that Go prints to `take`, which returns whether it was one of progress.
   */
  async build<T>(name: GroupName, log: Logger, work: (take: (line: string) => boolean) => Promise<T>): Promise<T> {
    const part = this.partOf(name);
    let cpuSeconds = 0;
    const takeLine = (line: string) => {
      const more = isMeasured() ? processorSeconds(line) : undefined;
      cpuSeconds += more ?? 0;
      return more !== undefined || take(part, line);
    };
    this.tell ??= log;
    await new Promise<void>((begin, fail) => {
      this.waiting.push({ name, begin, fail });
      this.beginNext();
    });
    try {
      return await this.atWork(part, () =>
        measured(
          name,
          () => work(takeLine),
          () => cpuSeconds,
        ),
      );
    } catch (error) {
      this.failWaiting(error);
      throw error;
    } finally {
      this.compiling.delete(name);
      this.beginNext();
    }
  }

  private failWaiting(error: unknown): void {
    this.hasFailed = true;
    for (const { name, fail } of this.waiting.splice(0)) {
      this.parts.delete(name);
      fail(error);
    }
  }

  /** Does other work that takes a while, and counts it. @param seconds What it is expected to take. */
  async step<T>(name: string, seconds: number, work: () => Promise<T>): Promise<T> {
    const part: Part = { name, seconds, compiled: 0, downloaded: 0, state: "waiting" };
    this.parts.set(name, part);
    return this.atWork(part, () => measured(name, work));
  }

  /** @returns the seconds that groups will take, by the speed so far. Pure but for that. */
  forecast(names: readonly GroupName[]): number {
    const seconds = names.reduce((sum, name) => sum + buildCosts[name].seconds, 0);
    return seconds * paceOf([...this.parts.values()], this.elapsed());
  }

  /** @returns percent and seconds left of all that is known. */
  estimate(): ReturnType<typeof estimate> {
    return estimate([...this.parts.values()], this.elapsed());
  }

  private partOf(name: GroupName): Part {
    const known = this.parts.get(name);
    if (known) {
      return known;
    }
    const part: Part = { name, ...buildCosts[name], compiled: 0, downloaded: 0, state: "waiting" };
    this.parts.set(name, part);
    return part;
  }

  /** Begins what is first in the order, and what may be compiled beside it, unless one before them has yet to ask. */
  private beginNext(): void {
    this.waiting.sort((a, b) => rankOf(a.name) - rankOf(b.name));
    let next: Waiting | undefined;
    while ((next = this.waiting[0]) && !this.isExpectedBefore(next.name) && mayBegin(next.name, this.compiling)) {
      this.waiting.shift();
      this.compiling.add(next.name);
      next.begin();
    }
  }

  private isExpectedBefore(name: GroupName): boolean {
    return [...this.parts.values()].some(
      (part) =>
        part.state === "waiting" &&
        isGroup(part.name) &&
        rankOf(part.name) < rankOf(name) &&
        !this.compiling.has(part.name),
    );
  }

  private async atWork<T>(part: Part, work: () => Promise<T>): Promise<T> {
    this.elapsed();
    part.state = "at work";
    this.startTelling();
    try {
      return await work();
    } finally {
      this.elapsed();
      part.state = "done";
      this.stopTelling();
    }
  }

  /** @returns the seconds in which something was at work. */
  private elapsed(): number {
    const now = this.now();
    if (this.lastMs !== undefined && this.isAtWork()) {
      this.elapsedMs += now - this.lastMs;
    }
    this.lastMs = now;
    return this.elapsedMs / 1000;
  }

  private isAtWork(): boolean {
    return [...this.parts.values()].some(({ state }) => state === "at work");
  }

  private startTelling(): void {
    if (this.timer === undefined) {
      this.timer = setInterval(() => this.say(), this.status ? this.intervalMs.terminal : this.intervalMs.plain);
      // A build that fails must not be kept alive by its own progress.
      this.timer.unref();
    }
  }

  private stopTelling(): void {
    if (!this.isAtWork()) {
      clearInterval(this.timer);
      this.timer = undefined;
      this.status?.hide();
    }
  }

  private say(): void {
    const parts = [...this.parts.values()];
    const text = progressText(parts, this.elapsed());
    // Where nothing is compiled, the other steps are over in a moment.
    if (text !== undefined && parts.some(({ packages }) => packages !== undefined)) {
      if (this.status) {
        this.status.show(text);
      } else {
        this.tell?.(text);
      }
    }
  }
}

function isGroup(name: string): name is GroupName {
  return name in buildCosts;
}

/**
 * @returns whether a group may be compiled beside others: nothing is, or one other, and one of the two compiles in
 * sequence. Pure.
 */
function mayBegin(name: GroupName, compiling: ReadonlySet<GroupName>): boolean {
  const both = [...compiling, name];
  return both.length <= 2 && both.filter((one) => !buildCosts[one].inSequence).length <= 1;
}

function take(part: Part, line: string): boolean {
  const kind = kindOfLine(line);
  part.compiled += kind === "package" ? 1 : 0;
  part.downloaded += kind === "download" ? 1 : 0;
  return kind !== "complaint";
}

/** The builds of this process. */
export const builds = new Builds();

import type { Logger } from "../system/log";

/** Milliseconds between two lines of progress: often enough to see that it goes on, seldom enough to be read. */
const everyMs = 30_000;

/** Says now and then how far Go has come with a build, by what it prints. */
export class BuildProgress {
  /** Packages that the build consists of. Those that were compiled before are among them, and never named. */
  total = 0;
  private downloaded = 0;
  private compiled = 0;
  private said = "";
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly what: string,
    private readonly log: Logger,
    intervalMs = everyMs,
  ) {
    this.timer = setInterval(() => this.say(), intervalMs);
    // A build that fails must not be kept alive by its own progress.
    this.timer.unref();
  }

  /** Takes a line that Go printed. @returns whether it was one of progress. */
  take(line: string): boolean {
    if (line.startsWith("go: downloading ")) {
      this.downloaded++;
      return true;
    }
    // With -v, Go prints the import path of each package that it compiles; a complaint has blanks.
    const isPackage = /^[\w.~-]+(\/[\w.~+-]+)*$/.test(line);
    this.compiled += isPackage ? 1 : 0;
    return isPackage;
  }

  /** Ends the reports. */
  end(): void {
    clearInterval(this.timer);
  }

  private say(): void {
    const now =
      this.compiled > 0
        ? `${this.what}: ${this.compiled} of at most ${this.total} packages compiled`
        : `${this.what}: ${this.downloaded} modules downloaded`;
    if (now !== this.said && this.compiled + this.downloaded > 0) {
      this.log(now);
      this.said = now;
    }
  }
}

/** What became of a resource. */
export type Change = "created" | "updated" | "unchanged" | "deleted";

const marks: Record<Change, string> = { created: "+", updated: "~", unchanged: " ", deleted: "-" };

/** Tells what happens to each resource as it happens, and counts. */
export class Progress {
  readonly counts: Record<Change, number> = { created: 0, updated: 0, unchanged: 0, deleted: 0 };
  private readonly started = Date.now();

  constructor(private readonly write: (line: string) => void) {}

  /** Notes that a resource is done. */
  done(change: Change, type: string, name: string, milliseconds: number): void {
    this.counts[change]++;
    this.write(`${marks[change]} ${type} ${name} ${change} (${(milliseconds / 1000).toFixed(1)} s)`);
  }

  /** Notes that something takes its time, and what it waits for. */
  waiting(type: string, name: string, what: string): void {
    this.write(`  ${type} ${name} waits for ${what}`);
  }

  /** @returns the counts as a sentence. */
  summary(): string {
    const { created, updated, unchanged, deleted } = this.counts;
    const seconds = ((Date.now() - this.started) / 1000).toFixed(1);
    return `${created} created, ${updated} updated, ${unchanged} unchanged, ${deleted} deleted in ${seconds} s`;
  }
}

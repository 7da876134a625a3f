import type { Leavings } from "../down/sweep";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { ProcessIdentity } from "../../toolchain/system/proc";
import { identify, isAlive } from "../../toolchain/system/proc";

/** A run that changes a stack, or changed it and did not end well. */
export interface RunRecord {
  /** When it began, and when it failed, as ISO 8601. Without an end it runs, or was killed. */
  startedAt: string;
  endedAt?: string;
  /** Who runs it; undefined if it was not one of ours. */
  process?: { pid: number } & Partial<ProcessIdentity>;
  /** Where it keeps state, and the address of the cluster that it changes. What it left is nowhere else. */
  backend: string;
  cluster: string;
  /** What a removal still has to sweep once the stack is gone. */
  leavings?: Leavings;
}

/** Remembers on this machine that a stack is being changed, so that the next run knows of one that was cut short. */
export class RunRecords {
  /** @param file Path of the record of one stack. */
  constructor(readonly file: string) {}

  /** @returns the run that is under way, or that did not end well; undefined if the last one did. */
  read(): RunRecord | undefined {
    try {
      return JSON.parse(readFileSync(this.file, "utf8")) as RunRecord;
    } catch {
      return undefined;
    }
  }

  /** Notes that this process begins a run. */
  begin(place: Pick<RunRecord, "backend" | "cluster" | "leavings">): void {
    const { pid } = process;
    this.write({ startedAt: new Date().toISOString(), process: { pid, ...identify(pid) }, ...place });
  }

  /** Notes that the run failed. */
  fail(): void {
    const record = this.read();
    if (record) {
      this.write({ ...record, endedAt: new Date().toISOString() });
    }
  }

  /** Forgets the run: it ended well. */
  end(): void {
    rmSync(this.file, { force: true });
  }

  /** Writes a record so that it is there as a whole or not at all. */
  write(record: RunRecord): void {
    mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
    writeFileSync(`${this.file}.new`, JSON.stringify(record), { mode: 0o600 });
    renameSync(`${this.file}.new`, this.file);
  }
}

/** @returns whether the process that began a run still is there, and the run not over. */
export function isRunning({ process: runner, endedAt }: RunRecord): boolean {
  if (!runner || endedAt !== undefined) {
    return false;
  }
  const { pid, startTime, bootId } = runner;
  if (startTime !== undefined && bootId !== undefined) {
    return isAlive({ pid, startTime, bootId });
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

import { accessSync, constants } from "node:fs";
import { totalmem } from "node:os";
import { delimiter, join } from "node:path";

/** Something that keeps the embedded cluster from starting. */
export interface Problem {
  cause: string;
  fix: string;
}

/** What this machine has, as far as the embedded cluster needs it. */
export interface Machine {
  platform: string;
  arch: string;
  root: boolean;
  memoryBytes: number;
  /** Programs on PATH. */
  has: (program: string) => boolean;
}

/** Programs that the toolchain calls and does not bring, with the Debian package of each. */
const programs: Record<string, string> = {
  go: "Go 1.26 or newer, from https://go.dev/dl",
  "apt-get": "Debian, or a system that is made from it",
  "dpkg-deb": "the package dpkg",
  python3: "the packages python3 and python3-pip",
  tar: "the package tar",
  umount: "the package mount",
  ip: "the package iproute2",
};

const leastMemory = 3 * 1024 ** 3;

/** What keeps the embedded cluster from starting on a machine. Pure. */
export function requirementProblems(machine: Machine): Problem[] {
  const problems: Problem[] = [];
  if (machine.platform !== "linux" || machine.arch !== "x64") {
    const cause = `the embedded cluster runs on Linux on x64, not on ${machine.platform} on ${machine.arch}`;
    return [{ cause, fix: "install Docker and kind: npm start then uses them" }];
  }
  if (!machine.root) {
    problems.push({ cause: "the embedded cluster needs root", fix: "run as root, or install Docker and kind" });
  }
  if (machine.memoryBytes < leastMemory) {
    const cause = `${(machine.memoryBytes / 1024 ** 3).toFixed(1)} GiB of memory, of 3 that the cluster and the stack take`;
    problems.push({ cause, fix: "give the machine more memory" });
  }
  for (const [program, source] of Object.entries(programs)) {
    if (!machine.has(program)) {
      problems.push({ cause: `no ${program}`, fix: `install ${source}` });
    }
  }
  return problems;
}

/** Looks at this machine. */
export function thisMachine(): Machine {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return {
    platform: process.platform,
    arch: process.arch,
    root: process.getuid?.() === 0,
    memoryBytes: totalmem(),
    has: (program) => folders.some((folder) => isExecutable(join(folder, program))),
  };
}

/** @throws Error that lists all that keeps the embedded cluster from starting. */
export function checkRequirements(): void {
  const problems = requirementProblems(thisMachine());
  if (problems.length > 0) {
    const lines = problems.map(({ cause, fix }) => `  ${cause}\n    ${fix}`);
    throw new Error(`the embedded cluster cannot start here:\n${lines.join("\n")}`);
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

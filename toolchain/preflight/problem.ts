/** Something that keeps the sandbox from starting. */
export interface Problem {
  cause: string;
  fix: string;
}

/** Everything that is wrong, told at once. */
export class PreflightError extends Error {
  constructor(readonly problems: readonly Problem[]) {
    const lines = problems.map(({ cause, fix }) => `  - ${cause}\n    ${fix}`);
    super(`the sandbox cannot start here; nothing was changed:\n${lines.join("\n")}`);
  }
}

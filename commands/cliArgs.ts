/**
 * @param config Path of the pack's configuration, in Pulumi's format. Default: the pack's own defaults.
 * @returns what makes the Pulumi CLI ask the policies; the folder is the project's.
 */
export function packArgs(config?: string): string[] {
  return ["--policy-pack", "policy", ...(config === undefined ? [] : ["--policy-pack-config", config])];
}

/** What a command that changes the stack is told besides which stack it is. */
export interface ChangeOptions {
  /** Whether the state may differ from the cluster. */
  refresh: boolean;
  /** As for {@link packArgs}. */
  packConfig?: string;
}

/**
 * @returns a command of the Pulumi CLI that changes the stack and asks nothing. `up` keeps its preview: what is found in a stack as a whole
 * is found at the end of a run, which without a preview is after everything was changed. The run itself asks the policies again, for
 * what no preview knows.
 */
export function changeArgs(command: "up" | "destroy", { refresh, packConfig }: ChangeOptions): string[] {
  return [
    command,
    "--yes",
    ...(command === "up" ? packArgs(packConfig) : ["--skip-preview"]),
    ...(refresh ? ["--refresh"] : []),
  ];
}

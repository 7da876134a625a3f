/**
 * @param config Path of the pack's configuration, in Pulumi's format. Default: the pack's own defaults.
 * @returns what makes the Pulumi CLI ask the policies; the folder is the project's.
 */
export function packArgs(config?: string): string[] {
  return ["--policy-pack", "policy", ...(config === undefined ? [] : ["--policy-pack-config", config])];
}

/** What a command that changes the stack is told besides which stack it is. */
export interface ChangeOptions {
  /** Whether the state may differ from the cluster. Default false. */
  refresh?: boolean;
  /** Fail if anything is changed. Default false. */
  expectNoChanges?: boolean;
  /** Ask the policy pack, with a configuration as for {@link packArgs}. Default: it is not asked. */
  pack?: { config?: string };
}

/**
 * @returns a command of the Pulumi CLI that changes the stack and asks nothing. With the pack it keeps its preview: what is found in a
 * stack as a whole is found at the end of a run, which without a preview is after everything was changed.
 */
export function changeArgs(command: "up" | "destroy", options: ChangeOptions = {}): string[] {
  const { refresh = false, expectNoChanges = false, pack } = options;
  return [
    command,
    "--yes",
    ...(pack ? packArgs(pack.config) : ["--skip-preview"]),
    ...(refresh ? ["--refresh"] : []),
    ...(expectNoChanges ? ["--expect-no-changes"] : []),
  ];
}

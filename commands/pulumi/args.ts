/**
 * @param config Path of the pack's configuration, in Pulumi's format. Default: the pack's own defaults.
 * @returns what makes the Pulumi CLI ask the policies; the folder is the project's.
 */
export function packArgs(config?: string): string[] {
  return ["--policy-pack", "policy", ...(config === undefined ? [] : ["--policy-pack-config", config])];
}

/** How a preview or an update is made. */
export interface UpdateOptions {
  /** Compare the state with the cluster first. Default false. */
  refresh?: boolean;
  /** Fail if the update changes anything. Default false. */
  expectNoChanges?: boolean;
}

/**
 * Outputs are shown once, at the end, as what to do next; Pulumi would print all of them after the preview and after
 * the update.
 */
const quiet = "--suppress-outputs";

/** @returns the arguments of a preview. What it finds is compared by the update, so it takes no --expect-no-changes. */
export function previewArgs({ refresh = false }: UpdateOptions, packConfig?: string): string[] {
  return ["preview", quiet, ...packArgs(packConfig), ...(refresh ? ["--refresh"] : [])];
}

/** @returns the arguments of an update that asks nothing, for a preview has shown it. */
export function upArgs({ refresh = false, expectNoChanges = false }: UpdateOptions, packConfig?: string): string[] {
  return [
    ...["up", "--yes", "--skip-preview", quiet, ...packArgs(packConfig)],
    ...(refresh ? ["--refresh"] : []),
    ...(expectNoChanges ? ["--expect-no-changes"] : []),
  ];
}

/** @returns the arguments of a removal that asks nothing. */
export function destroyArgs({ refresh = false }: Pick<UpdateOptions, "refresh"> = {}): string[] {
  return ["destroy", "--yes", "--skip-preview", ...(refresh ? ["--refresh"] : [])];
}

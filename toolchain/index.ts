export {
  addImages,
  addIstioCni,
  addObservability,
  addRateLimit,
  addZipkin,
  baseImageReference,
  builtGroup,
  downloadGroupsAhead,
  ensureGroup,
  forecastSeconds,
  moduleCharts,
  observabilityGroups,
  showProgress,
  unbuiltGroups,
} from "./extras";
export { type ProgramImage, programImage } from "./images/catalog";
export type { ObservabilityGroup } from "./extras";
export type { ImageRecipe } from "./images/recipe";
export { down, reset } from "./down";
export { ownDockerRuns } from "./docker/dockerd";
export { expectedInfo, type SandboxInfo, type ShellEnvironment, shellEnvironment } from "./info";
export { describeStatus, sandboxInfo, type SandboxStatus, status } from "./status";
export type { NodeStatus } from "./kind/cluster";
export { timeText } from "./binaries/progress";
export type { Logger } from "./system/statusLine";
export { up, type UpOptions } from "./up";

export { addImages, addIstioCni, addRateLimit, builtGroup, ensureGroup, moduleCharts } from "./extras";
export { type ProgramImage, programImage } from "./images/catalog";
export type { ImageRecipe } from "./images/recipe";
export { down, reset } from "./down";
export { expectedInfo, type SandboxInfo } from "./info";
export { type ComponentStatus, describeStatus, sandboxInfo, type SandboxStatus, status } from "./status";
export type { Logger } from "./system/log";
export { up } from "./up";

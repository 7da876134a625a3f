import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { requiredVersion } from "./goMod";
import type { BinaryGroup } from "./groups";

/** How a group is built, and where the result belongs. */
export interface BuildPlan {
  group: BinaryGroup;
  moduleDir: string;
  /** Arguments of `go`, but for the output folder. */
  flags: readonly string[];
  /** Where the finished group is kept. Named after all that goes into it. */
  folder: string;
  binDir: string;
}

/** The flags of `go build` for a group. Pure. */
export function buildFlags(group: BinaryGroup, goMod: string): string[] {
  const stamps = (group.stamps ?? []).map(
    (stamp) => `-X ${stamp.variable}=${stamp.value(requiredVersion(goMod, stamp.module))}`,
  );
  return [
    "-trimpath",
    // The checkout's commit is no part of what is built: pins and flags are, and those name the folder.
    "-buildvcs=false",
    ...(group.tags?.length ? [`-tags=${group.tags.join(",")}`] : []),
    ...(group.compilerFlags ? [`-gcflags=${group.compilerFlags}`] : []),
    "-ldflags",
    ["-s -w", ...stamps].join(" "),
  ];
}

/** Bytes of memory of a machine on which Go's compiler and linker may use more of it for less work. */
const muchMemory = 12 * 2 ** 30;

/**
 * By default a fifth of what compiling Kubernetes' API costs is collecting garbage: 9.4 s of the processor, 7.7 s with
 * this limit.
 *
 * @param memory Bytes that the machine has.
 * @returns the environment of `go build`. A limit of the user's own stays. Pure.
 */
export function buildEnv(memory: number, { GOGC }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { CGO_ENABLED: "0", ...(GOGC === undefined && memory >= muchMemory && { GOGC: "400" }) };
}

/** A short name for everything that decides what a build gives. Pure. */
export function buildKey(flags: readonly string[], goMod: string, goSum: string, files: unknown = []): string {
  return createHash("sha256")
    .update(JSON.stringify([flags, goMod, goSum, files]))
    .digest("hex")
    .slice(0, 12);
}

/** Reads a group's pins and plans its build below `cache`. */
export function buildPlan(group: BinaryGroup, cache: string): BuildPlan {
  const moduleDir = join(__dirname, group.name);
  const goMod = readFileSync(join(moduleDir, "go.mod"), "utf8");
  const goSum = readFileSync(join(moduleDir, "go.sum"), "utf8");
  const flags = buildFlags(group, goMod);
  const made = group.collectorManifest ? readFileSync(join(moduleDir, group.collectorManifest), "utf8") : group.files;
  const own = ownSources(moduleDir);
  const key = buildKey(flags, goMod, goSum, [made, own, group.embeds, group.links]);
  const folder = join(cache, "binaries", `${group.name}-${key}`);
  return { group, moduleDir, flags, folder, binDir: join(folder, "bin") };
}

/** @returns the Go programs of ours that lie beside a group's go.mod, each with its text. */
function ownSources(moduleDir: string): [string, string][] {
  return readdirSync(moduleDir, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".go"))
    .sort()
    .map((name) => [name, readFileSync(join(moduleDir, name), "utf8")]);
}

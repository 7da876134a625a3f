import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { gt, major, prerelease, rsort, valid } from "semver";
import { pseudoVersionCommit } from "../../toolchain/binaries/goMod";
import { run } from "../../toolchain/system/run";
import { projectFolder } from "../session/stackFiles";
import type { Pin } from "./pin";

/** A go.mod as `go mod edit -json` prints it. */
export interface GoMod {
  Module: { Path: string };
  Tool?: { Path: string }[] | null;
  Require?: { Path: string; Version: string; Indirect?: boolean }[] | null;
}

/** A module as `go list -m -u -json` prints it. */
export interface GoModule {
  Path: string;
  Version?: string;
  Time?: string;
  Versions?: string[];
  Update?: { Version: string; Time?: string };
  Replace?: GoModule;
  Error?: { Err: string };
}

/** Go may write to no go.mod and go.sum. */
const env = { GOFLAGS: "-mod=readonly", GOWORK: "off" };

/** @returns the folders whose go.mod pins what is built here or generated from. */
function goFolders(): string[] {
  const binaries = join(projectFolder, "toolchain", "binaries");
  return [
    ...readdirSync(binaries, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && existsSync(join(binaries, entry.name, "go.mod")))
      .map(({ name }) => join(binaries, name)),
    join(projectFolder, "stacks", "meshConfig"),
  ];
}

/** Asks the proxies that Go asks, for what each go.mod names itself. @throws Error if there is no Go, or it fails. */
export async function goPins(folders = goFolders()): Promise<Pin[]> {
  const pins: Pin[] = [];
  for (const cwd of folders) {
    const goMod = JSON.parse(await run("go", ["mod", "edit", "-json"], { cwd, env })) as GoMod;
    const args = ["list", "-m", "-u", "-e", "-versions", "-json", ...pinnedModules(goMod)];
    const printed = await run("go", args, { cwd, env, timeoutMs: 180_000 });
    const where = relative(projectFolder, join(cwd, "go.mod"));
    pins.push(...parseModules(printed).map((module) => judgeModule(module, where)));
  }
  return pins;
}

/** @returns the modules that a go.mod requires directly, and those that hold the programs of its tool lines. */
export function pinnedModules({ Module: own, Tool, Require }: GoMod): string[] {
  const required = Require ?? [];
  const holds = (path: string, name: string) => name === path || name.startsWith(`${path}/`);
  const ofTools = (Tool ?? [])
    .filter(({ Path }) => !holds(own.Path, Path))
    .map((tool) => {
      const [module] = required
        .map(({ Path }) => Path)
        .filter((path) => holds(path, tool.Path))
        .sort((a, b) => b.length - a.length);
      if (module === undefined) {
        throw new Error(`${own.Path}: no module in its go.mod has the tool ${tool.Path}; run go mod tidy`);
      }
      return module;
    });
  return [...new Set([...required.filter(({ Indirect }) => !Indirect).map(({ Path }) => Path), ...ofTools])];
}

/** @returns the objects that Go prints one after another, each from a line `{` to a line `}`. */
export function parseModules(printed: string): GoModule[] {
  return (printed.match(/^\{$[^]*?^\}$/gm) ?? []).map((text) => JSON.parse(text) as GoModule);
}

/** @returns the pin of one module: of what replaces it, where something does. */
export function judgeModule(module: GoModule, where: string): Pin {
  const used = module.Replace ?? module;
  const ours = used.Version ?? "";
  const pin = { what: used.Path, ours, where: [where] };
  const { Err } = module.Error ?? used.Error ?? {};
  if (Err !== undefined) {
    return { ...pin, problem: Err.split("\n")[0] };
  }
  const newest = newestModule(ours, used, module.Versions ?? used.Versions ?? []);
  if (newest === undefined && pseudoVersionCommit(ours) !== undefined) {
    return { ...pin, problem: "a commit, and the proxy names no later version" };
  }
  return { ...pin, newest: newest ?? ours };
}

/**
 * @returns the version to go to, undefined if there is none. What Go takes for an update goes by number alone:
 * k8s.io/client-go has a 1.5.2 that is years older than its 0.36. What was published before ours is no update; the
 * newest of our major version is.
 */
function newestModule(ours: string, { Time, Update }: GoModule, versions: readonly string[]): string | undefined {
  if (Update === undefined) {
    return undefined;
  }
  const isOlder = Time !== undefined && Update.Time !== undefined && Date.parse(Update.Time) < Date.parse(Time);
  if (!isOlder) {
    return Update.Version;
  }
  const releases = versions.filter(
    (version) => valid(version) !== null && prerelease(version) === null && major(version) === major(ours),
  );
  return rsort(releases).find((version) => gt(version, ours));
}

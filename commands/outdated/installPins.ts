import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gt, valid } from "semver";
import { debianMirror } from "../../toolchain/install/debian";
import {
  type Suite,
  basePackages,
  BUSYBOX_VERSION,
  dockerPackages,
  envoyWheel,
  redisPackages,
  REDIS_VERSION,
} from "../../toolchain/install/pins";
import { run, tryRun } from "../../toolchain/system/run";
import { projectFolder } from "../session/stackFiles";
import { newestAlike, type Pin } from "./pin";

/** The part of package.json that pins. */
interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

/** What `npm outdated --json` prints: packages whose newest version is another one, or what went wrong. */
type Outdated = Record<string, { latest?: string }> & { error?: { code?: string; summary?: string } };

/** Asks npm. @throws Error if its registry does not answer. */
export async function npmPins(folder = projectFolder): Promise<Pin[]> {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  // It ends with 1 if there is anything to list.
  const { stdout, stderr } = await tryRun("npm", ["outdated", "--json"], { cwd: folder, timeoutMs: 120_000 });
  let outdated: Outdated;
  try {
    outdated = JSON.parse(stdout.trim() || "{}") as Outdated;
  } catch {
    throw new Error(`npm outdated: ${(stderr.trim() || stdout.trim()).split("\n")[0]}`);
  }
  return judgeNpm(manifest, outdated);
}

/**
 * @returns the packages of package.json with their newest version. The tag `latest` may be moved back to an earlier
 * version; ours is the newest then.
 * @throws Error if npm could not ask its registry.
 */
export function judgeNpm({ dependencies = {}, devDependencies = {} }: Manifest, outdated: Outdated): Pin[] {
  const { error } = outdated;
  if (error?.code !== undefined) {
    throw new Error(`npm outdated: ${error.code}: ${error.summary}`);
  }
  return Object.entries({ ...dependencies, ...devDependencies }).map(([what, ours]) => {
    const latest = outdated[what]?.latest;
    const isNewer = latest !== undefined && (valid(latest) === null || valid(ours) === null || gt(latest, ours));
    return { what, ours, newest: isNewer ? latest : ours, where: ["package.json"] };
  });
}

/** The file that pins what is installed without being built. */
const where = ["toolchain/install/pins.ts"];

/** Milliseconds in which Debian's mirror has to answer. */
const answerMs = 30_000;

/** Asks PyPI, or the index that pip is set to, by pip. @throws Error if there is no pip, or it fails. */
export async function wheelPins(): Promise<Pin[]> {
  const { name, version: ours } = envoyWheel;
  const printed = await run("python3", ["-m", "pip", "index", "versions", name], { timeoutMs: 60_000 });
  return [{ what: `${name} (PyPI)`, ours, newest: newestWheel(name, ours, printed), where }];
}

/** @returns the newest version in what `pip index versions` prints. @throws Error if it names none. */
export function newestWheel(name: string, ours: string, printed: string): string {
  const versions = /^Available versions: (.+)$/m.exec(printed)?.[1]?.split(", ");
  const newest = versions && newestAlike(ours, versions);
  if (newest === undefined) {
    throw new Error(`pip names no versions of ${name}`);
  }
  return newest;
}

/** Packages of Debian whose upstream version is the tag of an image. */
const tagged = [
  { name: "redis-tools", ours: REDIS_VERSION, packages: redisPackages.packages },
  { name: "busybox-static", ours: BUSYBOX_VERSION, packages: basePackages.packages },
];

/**
 * Asks Debian's mirror for the codename of its stable release, and apt for the packages whose version is a tag of ours.
 * @throws Error if there is no apt, or the mirror does not answer.
 */
export async function debianPins(): Promise<Pin[]> {
  const url = new URL("dists/stable/Release", await debianMirror());
  const answer = await fetch(url, { signal: AbortSignal.timeout(answerMs) }).catch((error: unknown) => {
    throw new Error(`no answer of ${url.href}; is it reached from here?`, { cause: error });
  });
  const stable = codenameOf(await answer.text());
  if (!answer.ok || stable === undefined) {
    throw new Error(`${url.href} answers ${answer.status} without a codename`);
  }
  const sets = [...dockerPackages.packages, ...basePackages.packages, ...redisPackages.packages];
  const listing = await run("apt-cache", ["madison", ...tagged.map(({ name }) => name)]);
  return [
    ...[...new Set(sets.map(suiteOf))].map((suite) => judgeSuite(suite, stable, sets)),
    ...tagged.map(({ name, ours, packages }) => {
      const suite = suiteOf(packages.find((entry) => entry.startsWith(`${name}/`))!);
      return judgePackage(name, ours, suite, listing);
    }),
  ];
}

/** @returns the codename in a file Release of Debian. */
export function codenameOf(release: string): string | undefined {
  return /^Codename: (\S+)$/m.exec(release)?.[1];
}

/** @returns the pin of a release of Debian. Within it apt takes the newest packages by itself. */
export function judgeSuite(suite: Suite, stable: string, packages: readonly string[]): Pin {
  const count = new Set(packages.filter((entry) => suiteOf(entry) === suite)).size;
  return { what: `Debian (${count} packages)`, ours: suite, newest: stable, where };
}

/**
 * @returns the pin of a package's upstream version: what our release of Debian has is the newest that there is for us.
 */
export function judgePackage(name: string, ours: string, suite: Suite, listing: string): Pin {
  const pin = { what: `${name} (Debian ${suite})`, ours, where };
  const versions = listing.split("\n").flatMap((line) => {
    const [found, version, source = ""] = line.split("|").map((cell) => cell.trim());
    return found === name && version && new RegExp(` ${suite}(-security|-updates)?/`).test(source) ? [version] : [];
  });
  if (versions.length === 0) {
    return { ...pin, problem: `apt of this machine has no list of ${suite}` };
  }
  // Without the epoch in front and Debian's revision behind.
  const upstream = versions.map((version) => version.replace(/^\d+:/, "").replace(/-[^-]*$/, ""));
  return { ...pin, newest: newestAlike(ours, upstream) };
}

/** @returns the release of an entry such as `tini/bookworm`. */
function suiteOf(entry: string): Suite {
  return entry.split("/")[1] as Suite;
}

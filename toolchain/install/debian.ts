import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../system/leftovers";
import { withLock } from "../system/wait";
import type { Logger } from "../system/statusLine";
import { run } from "../system/run";
import type { PackageSet, Suite } from "./pins";

const suites: readonly Suite[] = ["bookworm", "trixie"];
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Debian's archive, as the machine's own apt knows it: a mirror that the machine prefers is used here, too. */
export async function debianMirror(): Promise<string> {
  const format = "$(ORIGIN) $(LABEL) $(REPO_URI)";
  const listing = await run("apt-get", ["indextargets", "--format", format, "Created-By: Packages"]);
  const mirror = mirrorIn(listing);
  if (mirror === undefined) {
    throw new Error("apt knows no archive of Debian; add one to /etc/apt/sources.list.d and run apt-get update");
  }
  return mirror;
}

/** The first archive of Debian itself, not of its security updates, in lines of origin, label and address. Pure. */
export function mirrorIn(listing: string): string | undefined {
  return /^Debian Debian (\S+)$/m.exec(listing)?.[1];
}

/** Where the unpacked packages of a set are kept. Pure. */
export function packageFolder(set: PackageSet, cache: string): string {
  const hash = createHash("sha256").update(JSON.stringify(set)).digest("hex").slice(0, 12);
  return join(cache, "packages", `${set.name}-${hash}`);
}

/**
 * Downloads packages and unpacks them into one folder, once. apt checks their signatures; it gets folders of its own,
 * so that the machine's package lists stay as they are.
 * @returns the folder.
 */
export async function ensurePackages(set: PackageSet, cache: string, log: Logger): Promise<string> {
  const target = packageFolder(set, cache);
  await makeFolder(target, async (folder) => {
    log(`fetching ${set.packages.length} packages: ${set.name}`);
    const options = await ensureLists(cache, log);
    // Below the folder that is thrown away on failure.
    const work = await mkdtemp(join(folder, "debs-"));
    await run("apt-get", [...options, "-qq", "download", ...set.packages], { cwd: work, timeoutMs: 600_000 });
    for (const archive of await readdir(work)) {
      await run("dpkg-deb", ["-x", join(work, archive), folder]);
    }
    await rm(work, { recursive: true });
    // As in Debian itself: the folders of the root are links to those of /usr.
    await run("sh", ["-ec", mergeUsr, "merge-usr", folder]);
  });
  return target;
}

/** What the packages' own scripts would do, as far as it is needed. */
const mergeUsr = `
for name in bin sbin lib lib64; do
  mkdir -p "$1/usr/$name"
  if [ -d "$1/$name" ]; then cp -a "$1/$name/." "$1/usr/$name/"; rm -r "$1/$name"; fi
  ln -s "usr/$name" "$1/$name"
done
if [ -d "$1/usr/share/ca-certificates" ]; then
  mkdir -p "$1/etc/ssl/certs"
  cat "$1"/usr/share/ca-certificates/mozilla/*.crt > "$1/etc/ssl/certs/ca-certificates.crt"
fi
rm -rf "$1/usr/share/doc" "$1/usr/share/man" "$1/usr/share/locale" "$1/usr/share/lintian" "$1/usr/share/bug"`;

/** Fetches the package lists of both releases, at most once a day. @returns the options that make apt use them. */
async function ensureLists(cache: string, log: Logger): Promise<string[]> {
  const folder = join(cache, "apt");
  const options = Object.entries({
    "Dir::State::lists": join(folder, "lists"),
    "Dir::Etc::sourcelist": join(folder, "debian.list"),
    "Dir::Etc::sourceparts": "-",
    "Dir::Etc::preferencesparts": "-",
    "Dir::Cache": join(folder, "cache"),
    // What is run as root needs no other user; that one may not enter the cache.
    "APT::Sandbox::User": "root",
  }).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  await withLock(`sidecar-mesh:${folder}`, log, async () => {
    const mirror = await debianMirror();
    const today = join(folder, `lists-of-${new Date().toISOString().slice(0, 10)}`);
    const entries = await readdir(folder).catch(() => [] as string[]);
    if (entries.some((name) => join(folder, name) === today)) {
      return;
    }
    await mkdir(join(folder, "lists", "partial"), { recursive: true });
    await mkdir(join(folder, "cache", "archives", "partial"), { recursive: true });
    const lines = suites.map((suite) => `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`);
    await writeFile(join(folder, "debian.list"), lines.join(""));
    await run("apt-get", [...options, "-qq", "update"], { timeoutMs: 300_000 });
    await Promise.all(
      entries.filter((name) => name.startsWith("lists-of-")).map((name) => rm(join(folder, name), { force: true })),
    );
    await writeFile(today, "");
  });
  return options;
}

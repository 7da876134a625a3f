import { join } from "node:path";
import { unpackedFolder } from "../install/debian";
import { type PackagedFile, REDIS_VERSION, redisLibraries, redisServer } from "../install/pins";
import { programImage } from "./catalog";
import type { ImageRecipe } from "./recipe";
import { sharedLibraries } from "./sharedLibraries";

/** User of programs that come from no image of their own; the pods say it again. */
const NOBODY = 65532;

/** The image of envoyproxy/ratelimit, whose tags are the first eight digits of a commit. Pure. */
export function rateLimitImage(binDir: string, tag: string): ImageRecipe {
  return programImage({
    name: "ratelimit",
    tag,
    program: join(binDir, "service_cmd"),
    user: NOBODY,
    // Where the published image has it.
    extra: [{ path: "/bin/ratelimit", kind: "link", target: "/usr/local/bin/ratelimit" }],
  });
}

/** The image of Redis, from unpacked packages. */
export async function redisImage(cache: string): Promise<ImageRecipe> {
  const program = unpackedPath(redisServer, cache);
  const unpacked = redisLibraries.map((library) => ({ path: `/${library.file}`, from: unpackedPath(library, cache) }));
  // The unpacked libraries want others, too.
  const shared = await sharedLibraries([program, ...unpacked.map(({ from }) => from)]);
  return programImage({
    name: "redis",
    tag: REDIS_VERSION,
    program,
    programName: "redis-server",
    user: NOBODY,
    extra: [...shared.map((path) => ({ path, from: path })), ...unpacked].map((file) => ({ ...file, kind: "copy" })),
  });
}

function unpackedPath({ pin, file }: PackagedFile, cache: string): string {
  return join(unpackedFolder(pin, cache), file.split("/").at(-1) ?? file);
}

import { join } from "node:path";
import { REDIS_VERSION } from "../install/pins";
import { hub, NONROOT, programImage } from "./catalog";
import type { ImageRecipe } from "./recipe";

/** The image of envoyproxy/ratelimit, whose tags are the first eight digits of a commit. Pure. */
export function rateLimitImage(base: string, binDir: string, tag: string): ImageRecipe {
  return programImage(base, {
    name: "ratelimit",
    tag,
    program: join(binDir, "service_cmd"),
    user: NONROOT,
    // Where the published image has it.
    extra: [{ path: "/usr/bin/ratelimit", kind: "link", target: "/usr/local/bin/ratelimit" }],
  });
}

/** Reference of the image of Redis. */
export const redisReference = `${hub}/redis:${REDIS_VERSION}`;

/** The image of Redis, from the folder of its unpacked packages. Pure. */
export function redisImage(base: string, folder: string): ImageRecipe {
  return programImage(base, {
    name: "redis",
    tag: REDIS_VERSION,
    // The server lies in the package of the tools, under the name of one of them: it acts by the name that it is called by.
    program: join(folder, "usr/bin/redis-check-rdb"),
    programName: "redis-server",
    user: NONROOT,
    extra: [{ path: "/usr/lib/x86_64-linux-gnu", kind: "copy", from: join(folder, "usr/lib/x86_64-linux-gnu") }],
  });
}

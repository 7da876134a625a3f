import { spawn } from "node:child_process";
import { once } from "node:events";

/** What decides how a page is opened. */
export interface Desk {
  platform: NodeJS.Platform;
  env: NodeJS.ProcessEnv;
  /** @returns true if a command is on PATH. */
  has: (command: string) => boolean;
}

/** How a page is opened: command and arguments before the URL. */
export interface Opener {
  command: string;
  args: string[];
}

/** Milliseconds after which an opener that still runs counts as one that works: it shows the page itself. */
const openMs = 5000;

/** @returns what opens a page in the browser of this machine, or why there is nothing. */
export function openerOf({ platform, env, has }: Desk): Opener | { reason: string } {
  if (platform === "darwin") {
    return { command: "open", args: [] };
  }
  if (platform === "win32") {
    // The first text in quotes is the title of a window.
    return { command: "cmd", args: ["/c", "start", ""] };
  }
  // Windows' own browser, from its Linux.
  if (env.WSL_DISTRO_NAME && has("wslview")) {
    return { command: "wslview", args: [] };
  }
  if (!env.DISPLAY && !env.WAYLAND_DISPLAY && !env.BROWSER) {
    return { reason: "this session has no screen (DISPLAY, WAYLAND_DISPLAY and BROWSER are not set)" };
  }
  return has("xdg-open")
    ? { command: "xdg-open", args: [] }
    : { reason: "xdg-open is not on PATH (Debian: apt-get install xdg-utils)" };
}

/**
 * Opens a page in the browser.
 * @returns why it was not opened; undefined if it was.
 */
export async function openPage(url: string, { command, args }: Opener): Promise<string | undefined> {
  const child = spawn(command, [...args, url], { stdio: "ignore", detached: true });
  child.unref();
  const ended = once(child, "close").then(
    ([code, signal]: (number | string | null)[]) =>
      code === 0 ? undefined : `${command} ended with ${code === null ? signal : `exit code ${code}`}`,
    (error: Error) => `${command}: ${error.message}`,
  );
  let timer: NodeJS.Timeout | undefined;
  const shown = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), openMs)));
  return Promise.race([ended, shown]).finally(() => clearTimeout(timer));
}

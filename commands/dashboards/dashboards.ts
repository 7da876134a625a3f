import { once } from "node:events";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { dashboardServices } from "../../components/observability/endpoints";
import type { DashboardName } from "../../components/observability/endpoints";
import { openerOf, openPage } from "./browser";
import { findOnPath } from "../shared/findOnPath";
import { flagsHelp, parseFlags } from "../shared/flags";
import { defineCommand } from "../shared/defineCommand";
import { openSession } from "../session/session";
import { readOutputs } from "../session/stackOutputs";

const help = `npm run dashboards -- [flags]

Opens a port of this machine for each dashboard that is installed, and keeps it open until Ctrl-C.

      --open              Show each one that answers in the browser
${flagsHelp}`;

/** Flags of `npm run dashboards`: whether pages are shown in the browser. */
type DashboardFlags = ReturnType<typeof parseDashboardFlags>;

/** Parses the command line. @throws UsageError as {@link parseFlags} does. */
function parseDashboardFlags(argv: readonly string[]) {
  return parseFlags(argv, { open: { type: "boolean", default: false } });
}

/** Milliseconds between two tries to open a port again. */
const againMs = 1000;

/** Seconds that a page may take to answer. */
const answerSeconds = 60;

let ending = false;
const forwards = new Map<string, ChildProcess>();

/** Keeps one port-forward open; kubectl's ends when the pod behind it does. */
async function keepOpen(kubectl: string, args: string[], name: string): Promise<void> {
  while (!ending) {
    const child = spawn(kubectl, args, { stdio: "ignore" });
    forwards.set(name, child);
    await once(child, "close").catch((error: Error) => {
      console.error(`${name}: ${error.message}`);
    });
    if (!ending) {
      await new Promise((resolve) => setTimeout(resolve, againMs));
    }
  }
}

/** @returns true once something answers at `url`. */
async function answers(url: string): Promise<boolean> {
  const end = Date.now() + answerSeconds * 1000;
  while (!ending && Date.now() < end) {
    const response = await fetch(url, { redirect: "manual" }).catch(() => undefined);
    if (response && response.status < 500) {
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  return false;
}

/** Shows pages in the browser of this machine; where there is none, says why. */
async function showAll(urls: readonly string[], log: (line: string) => void): Promise<void> {
  const has = (command: string) => findOnPath(command) !== undefined;
  const opener = openerOf({ platform: process.platform, env: process.env, has });
  if ("reason" in opener) {
    log(`no page was opened: ${opener.reason}; open the addresses above yourself`);
    return;
  }
  for (const url of urls) {
    const trouble = await openPage(url, opener);
    if (trouble !== undefined) {
      log(`${url} was not opened: ${trouble}; open it yourself`);
    }
  }
}

async function run(flags: DashboardFlags, log: (line: string) => void): Promise<object> {
  const session = await openSession(flags, log, { start: false });
  const { dashboards, declared } = await readOutputs(session, log);
  const installed = Object.keys(dashboards) as DashboardName[];
  if (installed.length === 0) {
    throw new Error("the stack has no dashboard: its config leaves all of them out");
  }
  // The embedded cluster brings its own kubectl.
  const brought = session.binFolder && join(session.binFolder, "kubectl");
  const kubectl = brought && existsSync(brought) ? brought : "kubectl";
  const globals = [
    ...(session.kubeconfig ? ["--kubeconfig", session.kubeconfig] : []),
    ...["--context", session.context, "--namespace", declared.namespaces.observability],
  ];
  const open = installed.map((name) => {
    const { service, port } = dashboardServices[name];
    return keepOpen(kubectl, [...globals, "port-forward", `service/${service}`, `${port}:${port}`], name);
  });
  const stop = () => {
    ending = true;
    forwards.forEach((child) => child.kill("SIGTERM"));
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);

  const rows = await Promise.all(
    installed.map(async (name) => {
      // Under the path that it has on the gateway, where it is exposed there.
      const path = new URL(dashboards[name]!.inCluster).pathname.replace(/\/$/, "");
      const url = `http://localhost:${dashboardServices[name].port}${path}`;
      return { name, url, answers: await answers(url) };
    }),
  );
  if (!ending) {
    const said = (row: (typeof rows)[number]) => (row.answers ? "answers" : "does not answer");
    log(rows.map((row) => `${row.name.padEnd(12)}${row.url.padEnd(36)}${said(row)}`).join("\n"));
    log("Ctrl-C closes them.");
    if (flags.open) {
      await showAll(
        rows.filter((row) => row.answers).map(({ url }) => url),
        log,
      );
    }
  }
  await Promise.all(open);
  return {};
}

/** `npm run dashboards`. */
export const command = defineCommand(__filename, help, run, parseDashboardFlags);

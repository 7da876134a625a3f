import { mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Browser } from "playwright-core";
import { dashboardServices } from "../components/observability/endpoints";
import type { DashboardName } from "../components/observability/endpoints";
import { expectedInfo } from "../toolchain";
import { tryRun } from "../toolchain/system/run";
import { parseStrictly, UsageError } from "./flags";
import { servePrometheusPage } from "./prometheusPage";
import { findOnPath } from "./findOnPath";
import { defineCommand } from "./defineCommand";
import { projectFolder } from "./stackFiles";
import type { TerminalSession } from "./terminalPicture";
import { terminalPage } from "./terminalPicture";

const folder = join(projectFolder, "docs", "screenshots");

/** A picture: commands that are run in a terminal, or a page that npm run dashboards has opened. */
type Picture =
  | { commands: string[] }
  /** `proof` selects what only the real page has once it is drawn, and a placeholder has not. */
  | { dashboard: DashboardName; path: string; proof: string };

/** Address of the embedded cluster's gateway. */
const { gatewayUrl: gateway } = expectedInfo();

/** Requests per second that each service answered, by code. */
const requestRate =
  'sum by (destination_service_name, response_code) (rate(istio_requests_total{reporter="destination"}[30s]))';

const pictures: Record<string, Picture> = {
  "mesh-check": { commands: ["npx mesh-check docs/examples"] },
  doctor: { commands: ["npm run doctor -- preview sandbox kind"] },
  requests: {
    commands: [
      "kubectl --namespace demo get pods",
      `curl --silent ${gateway}/user`,
      `curl --silent ${gateway}/payment`,
      `curl --silent --write-out '%{http_code}\\n' ${gateway}/users`,
      "kubectl --namespace demo exec deployment/user-service --container log-rotator -- tail -n 1 /var/log/mesh/access.log",
    ],
  },
  traffic: { commands: ["npm run traffic -- --sandbox --rps 20 --duration 10s"] },
  verify: { commands: ["npm run verify -- --sandbox"] },
  prometheus: {
    dashboard: "prometheus",
    path: `/query?g0.expr=${encodeURIComponent(requestRate)}&g0.tab=graph&g0.range_input=5m`,
    proof: ".uplot canvas",
  },
  jaeger: { dashboard: "jaeger", path: "/search?service=user-service.demo", proof: "text=Find Traces" },
  kiali: { dashboard: "kiali", path: "/kiali/console/graph/namespaces?namespaces=demo", proof: "text=Traffic Graph" },
  grafana: { dashboard: "grafana", path: "/dashboards", proof: "text=Mesh: overview" },
};

const help = `npm run screenshots -- NAME... [flags]

Takes pictures for the documentation, with Chromium (Debian: apt-get install chromium), into docs/screenshots/.

Names: ${Object.keys(pictures).join(", ")}.
Pictures of a terminal run their commands, those with a cluster in the embedded one. Pictures of a page need npm run dashboards
in another terminal; a page that is not the real one is not taken.

      --json  Print the result as one JSON object on the last line
      --prometheus-page FOLDER  Where Prometheus' page is, for a Prometheus built without one: \`npm run build\` makes it in the
                                folder web/ui of its sources, as static/mantine-ui
  -h, --help  This text
`;

function parseScreenshotFlags(argv: readonly string[]) {
  const { values, positionals: names } = parseStrictly({
    args: [...argv],
    allowPositionals: true,
    options: {
      "prometheus-page": { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const unknown = names.find((name) => !(name in pictures));
  if (unknown !== undefined || (names.length === 0 && !values.help)) {
    throw new UsageError(`${unknown ?? "no picture"}: name some of ${Object.keys(pictures).join(", ")}`);
  }
  return { ...values, prometheusPage: values["prometheus-page"], names };
}

/** Runs commands as a user of the embedded cluster would. */
async function runAll(commands: readonly string[]): Promise<TerminalSession[]> {
  const { binDir, kubeconfig } = expectedInfo();
  const env = {
    PATH: `${binDir}${delimiter}${process.env.PATH}`,
    KUBECONFIG: kubeconfig,
    npm_config_loglevel: "silent",
  };
  const sessions: TerminalSession[] = [];
  for (const command of commands) {
    // Both streams as one, as a terminal shows them.
    const { stdout } = await tryRun("sh", ["-c", `{ ${command}; } 2>&1`], { cwd: projectFolder, env });
    sessions.push({ command, output: stdout });
  }
  return sessions;
}

/** Where pages are; npm run dashboards has opened them. */
type Addresses = Record<DashboardName, string>;

async function take(browser: Browser, name: string, picture: Picture, addresses: Addresses): Promise<string> {
  const file = join(folder, `${name}.png`);
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.5 });
  try {
    if ("commands" in picture) {
      await page.setContent(terminalPage(await runAll(picture.commands)));
      await page.locator("main").screenshot({ path: file });
    } else {
      await page.goto(addresses[picture.dashboard] + picture.path);
      await page.locator(picture.proof).first().waitFor({ timeout: 20_000 });
      // Charts move into place.
      await page.waitForTimeout(1000);
      await page.screenshot({ path: file });
    }
  } finally {
    await page.close();
  }
  return file;
}

defineCommand(
  __filename,
  help,
  async ({ names, prometheusPage }, log) => {
    const { chromium } = await import("playwright-core");
    const executablePath = findOnPath("chromium");
    if (executablePath === undefined) {
      throw new Error("no chromium on PATH; on Debian: apt-get install chromium");
    }
    const addresses = Object.fromEntries(
      Object.entries(dashboardServices).map(([name, { port }]) => [name, `http://localhost:${port}`]),
    ) as Addresses;
    const page = prometheusPage && (await servePrometheusPage(prometheusPage, addresses.prometheus));
    if (page) {
      addresses.prometheus = page.url;
    }
    mkdirSync(folder, { recursive: true });
    // Chromium refuses its own sandbox to root, and the pages are ours.
    const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    const browser = await chromium.launch({ executablePath, args });
    try {
      const files: string[] = [];
      for (const name of names) {
        files.push(await take(browser, name, pictures[name]!, addresses));
        log(files.at(-1)!);
      }
      return { files };
    } finally {
      await browser.close();
      if (page) {
        page.close();
      }
    }
  },
  parseScreenshotFlags,
);

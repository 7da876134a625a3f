import { mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Browser } from "playwright-core";
import { dashboardServices } from "../components/observability/endpoints";
import type { DashboardName } from "../components/observability/endpoints";
import { dataSourceUids } from "../components/observability/dashboards/dataSources";
import { expectedInfo } from "../toolchain";
import { tryRun } from "../toolchain/system/run";
import { everyCommand, parseStrictly, UsageError } from "./flags";
import { servePrometheusPage } from "./prometheusPage";
import { findOnPath } from "./findOnPath";
import { until } from "./verify/backends";
import type { Trace } from "./verify/backends";
import { newTrace, spanServices } from "./verify/checks/traces";
import { defineCommand } from "./defineCommand";
import { projectFolder } from "./stackFiles";
import type { TerminalSession } from "./terminalPicture";
import { terminalPage } from "./terminalPicture";

const folder = join(projectFolder, "docs", "screenshots");

/** A picture: commands that are run in a terminal, or a page that npm run dashboards has opened. */
type Picture =
  | { commands: string[] }
  /**
   * `path` may name the {@link tracePlace}: then a request is sent first, whose trace it is. `click` selects what is clicked, and `proof` what only
   * the real page has once it is drawn, and a placeholder has not.
   */
  | { dashboard: DashboardName; path: string; click?: string; proof: string };

/** Stands in a path for the id of a trace. */
const tracePlace = "TRACE";

/** What is asked for to have a trace of three hops: the gateway, user-service, and payment-service that it calls. */
const tracedPath = "/user/orders";

/** Proxies that have to be in the trace before its picture is taken. */
const tracedProxies = 3;

/** Address of the embedded cluster's gateway. */
const { gatewayUrl: gateway } = expectedInfo();

/** Grafana's page with the lines of a trace, as the log's data source finds them. */
const linesOfTrace = {
  lines: {
    datasource: dataSourceUids.loki,
    queries: [
      {
        refId: "A",
        datasource: { type: "loki", uid: dataSourceUids.loki },
        expr: `{service_name=~".+"} | trace_id="${tracePlace}"`,
      },
    ],
    range: { from: "now-15m", to: "now" },
  },
};

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
  trace: { commands: ["npm run trace -- --sandbox"] },
  prometheus: {
    dashboard: "prometheus",
    path: `/query?g0.expr=${encodeURIComponent(requestRate)}&g0.tab=graph&g0.range_input=5m`,
    proof: ".uplot canvas",
  },
  "jaeger-trace": { dashboard: "jaeger", path: `/trace/${tracePlace}`, proof: "text=payment-service.demo" },
  "grafana-log": {
    dashboard: "grafana",
    path: `/explore?schemaVersion=1&panes=${encodeURIComponent(JSON.stringify(linesOfTrace))}`,
    click: `text=${tracedPath}`,
    proof: "text=Show trace",
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

      --gateway URL  The gateway that pictures of a trace ask (default: the embedded cluster's, ${gateway})
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
      gateway: { type: "string", default: gateway },
      ...everyCommand,
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

/** Sends a request, and waits until Jaeger has its way over all proxies. @returns the id of its trace. */
async function tracedRequest(gatewayUrl: string, jaeger: string): Promise<string> {
  const { id, header } = newTrace();
  const { status } = await fetch(gatewayUrl + tracedPath, { headers: header });
  if (status !== 200) {
    throw new Error(
      `${gatewayUrl}${tracedPath} answers with ${status}; the picture of a trace wants the default services`,
    );
  }
  const { found } = await until(20, async () => {
    const answer = await fetch(`${jaeger}/api/traces/${id}`);
    const { data } = answer.ok ? ((await answer.json()) as { data: [Trace?] }) : { data: [undefined] };
    return data[0] && spanServices(data[0]).length >= tracedProxies ? id : undefined;
  });
  if (found === undefined) {
    throw new Error(`Jaeger has no ${tracedProxies} proxies in trace ${id}; npm run verify -- --only traces says why`);
  }
  return found;
}

/** @returns the path of a page, with the id of a new trace where it shows one. */
async function pathOf(path: string, gatewayUrl: string, jaeger: string): Promise<string> {
  return path.includes(tracePlace) ? path.replaceAll(tracePlace, await tracedRequest(gatewayUrl, jaeger)) : path;
}

async function take(
  browser: Browser,
  name: string,
  { picture, addresses, gatewayUrl }: { picture: Picture; addresses: Addresses; gatewayUrl: string },
): Promise<string> {
  const file = join(folder, `${name}.png`);
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.5 });
  try {
    if ("commands" in picture) {
      await page.setContent(terminalPage(await runAll(picture.commands)));
      await page.locator("main").screenshot({ path: file });
    } else {
      await page.goto(addresses[picture.dashboard] + (await pathOf(picture.path, gatewayUrl, addresses.jaeger)));
      if (picture.click !== undefined) {
        await page.locator(picture.click).first().click({ timeout: 20_000 });
      }
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
  async ({ names, prometheusPage, gateway: gatewayUrl }, log) => {
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
        files.push(await take(browser, name, { picture: pictures[name]!, addresses, gatewayUrl }));
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

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prometheusConfig } from "../../components/observability/prometheusConfig";
import { prometheusRules } from "../../components/observability/rules";
import { ensureGroup } from "../../toolchain";
import { run } from "../../toolchain/system/run";

/** A series, and its values minute by minute in promtool's notation. */
type Series = Record<string, string>;

/** A course of events, and the names of the alerts that fire at its end. */
interface Course {
  title: string;
  minutes: number;
  series: Series;
  fire: string[];
}

const served = 'reporter="destination", destination_service_name="shop", destination_service_namespace="demo"';
const requests = (code: number) => `istio_requests_total{${served}, response_code="${code}"}`;

/** @returns requests by answer: 1000 a minute, of which so many are bad in each stretch of minutes. */
function answers(...stretches: [minutes: number, bad: number][]): Series {
  let [good, bad] = [0, 0];
  const values: [number[], number[]] = [[0], [0]];
  for (const [minutes, badOnes] of stretches) {
    for (let i = 0; i < minutes; i++) {
      values[0].push((good += 1000 - badOnes));
      values[1].push((bad += badOnes));
    }
  }
  return { [requests(200)]: values[0].join(" "), [requests(503)]: values[1].join(" ") };
}

/**
 * @returns durations: 1000 requests a minute, of which so many take longer than 250 ms, and no longer than two seconds.
 */
function durations(minutes: number, slow: number): Series {
  const name = "istio_request_duration_milliseconds";
  const labels = `${served}, response_code="200"`;
  const fast = `0+${1000 - slow}x${minutes}`;
  const all = `0+1000x${minutes}`;
  return {
    [`${name}_bucket{${labels}, le="250.0"}`]: fast,
    [`${name}_bucket{${labels}, le="2500.0"}`]: all,
    [`${name}_bucket{${labels}, le="+Inf"}`]: all,
    [`${name}_count{${labels}}`]: all,
  };
}

const expiry = 'istio_agent_cert_expiry_seconds{resource_name="default", namespace="demo", pod="shop-1"}';
const up = 'up{job="istiod", instance="istiod:15014"}';
const rejects = 'pilot_total_xds_rejects{type="lds"}';

/**
 * An objective of 99.9 % has a budget of 0.1 %: `MeshSloBurnsFast` at 14.4 and 6 times that, `MeshSloBurns` at once
 * that.
 */
const courses: Course[] = [
  { title: "all is well", minutes: 120, series: answers([120, 0]), fire: [] },
  { title: "0.05 % are bad, for seven hours", minutes: 420, series: answers([420, 0.5]), fire: [] },
  { title: "0.2 % are bad, for seven hours", minutes: 420, series: answers([420, 2]), fire: ["MeshSloBurns"] },
  {
    title: "0.7 % are bad, for seven hours",
    minutes: 420,
    series: answers([420, 7]),
    fire: ["MeshSloBurns", "MeshSloBurnsFast"],
  },
  {
    title: "2 % are bad for an hour, after four hours without any",
    minutes: 300,
    series: answers([240, 0], [60, 20]),
    fire: ["MeshSloBurns", "MeshSloBurnsFast"],
  },
  {
    // Each page's short window is clear by then; the windows of the ticket are not.
    title: "2 % were bad for an hour, 40 minutes ago",
    minutes: 340,
    series: answers([240, 0], [60, 20], [40, 0]),
    fire: ["MeshSloBurns"],
  },
  {
    title: "every request is bad for ten minutes",
    minutes: 10,
    series: answers([10, 1000]),
    fire: ["MeshHighErrorRatio", "MeshSloBurns", "MeshSloBurnsFast"],
  },
  { title: "2 % of the requests take two seconds", minutes: 30, series: durations(30, 20), fire: ["MeshHighLatency"] },
  {
    title: "a certificate has an hour left",
    minutes: 6,
    series: { [expiry]: "3600x6" },
    fire: ["MeshWorkloadCertificateExpires"],
  },
  { title: "a certificate has half a day left", minutes: 6, series: { [expiry]: "43200x6" }, fire: [] },
  {
    title: "the root certificate ends in 20 days",
    minutes: 90,
    series: { citadel_server_root_cert_expiry_timestamp: `${20 * 86_400}x90` },
    fire: ["MeshRootCertificateExpires"],
  },
  {
    title: "the root certificate ends in 40 days",
    minutes: 90,
    series: { citadel_server_root_cert_expiry_timestamp: `${40 * 86_400}x90` },
    fire: [],
  },
  {
    title: "proxies refuse what istiod sends",
    minutes: 12,
    series: { [rejects]: "0+1x12" },
    fire: ["MeshConfigRejected"],
  },
  { title: "they refused it before, and no more", minutes: 20, series: { [rejects]: "0+1x4 4x16" }, fire: [] },
  { title: "a target can't be scraped", minutes: 6, series: { [up]: "0x6" }, fire: ["MeshScrapeFails"] },
  { title: "a target can't be scraped for a moment", minutes: 6, series: { [up]: "1x3 0x3" }, fire: [] },
];

describe("alerts, as promtool works them out from a course of events", () => {
  let folder: string;
  let promtool: string;

  before(async () => {
    promtool = join(await ensureGroup("prometheus"), "promtool");
    folder = mkdtempSync(join(tmpdir(), "alerts-"));
    const promises = [
      { service: "shop", namespace: "demo", success: 99.9 },
      { service: "slow-shop", namespace: "demo", success: 99, latencyMs: 250 },
    ];
    writeFileSync(join(folder, "rules.yml"), prometheusRules(promises, 15));
    const config = prometheusConfig({
      systemNamespace: "istio-system",
      scrapeSeconds: 15,
      targets: {},
      remoteWrite: [],
    });
    writeFileSync(join(folder, "prometheus.yml"), config);
  });
  after(() => rmSync(folder, { recursive: true }));

  it("are rules that Prometheus takes", async () => {
    await run(promtool, ["check", "rules", join(folder, "rules.yml")]);
    await run(promtool, ["check", "config", "--syntax-only", join(folder, "prometheus.yml")]);
  });

  it("fire on a service that is too slow, where it promises to be fast", () =>
    fires({
      title: "slow",
      minutes: 30,
      series: Object.fromEntries(
        Object.entries(durations(30, 500)).map(([name, values]) => [name.replace('"shop"', '"slow-shop"'), values]),
      ),
      fire: ["MeshHighLatency", "MeshSloBurns", "MeshSloBurnsFast"],
    }));

  for (const course of courses) {
    it(`${course.title}: ${course.fire.join(", ") || "none"}`, () => fires(course));
  }

  async function fires({ title, minutes, series, fire }: Course): Promise<void> {
    const test = {
      rule_files: ["rules.yml"],
      evaluation_interval: "1m",
      // One group works out what the next one reads.
      group_eval_order: ["mesh-recording", "mesh-alerts", "mesh-objectives-windows", "mesh-objectives"],
      tests: [
        {
          name: title,
          interval: "1m",
          input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
          promql_expr_test: [
            {
              expr: 'group by (alertname) (ALERTS{alertstate="firing"})',
              eval_time: `${minutes}m`,
              exp_samples: fire.map((name) => ({ labels: `{alertname="${name}"}`, value: 1 })),
            },
          ],
        },
      ],
    };
    const file = join(folder, "test.yml");
    writeFileSync(file, JSON.stringify(test));
    // It ends with 1, and shows what it got, if that is not what is expected.
    await run(promtool, ["test", "rules", file]);
  }
});

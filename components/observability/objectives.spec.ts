import assert from "node:assert/strict";
import { objectiveRules, promDuration } from "./objectives";
import type { Objective } from "./objectives";
import { prometheusConfig } from "./prometheusConfig";
import { prometheusRules } from "./rules";

const shop: Objective = { service: "shop", namespace: "demo", success: 99.9, latencyMs: 250 };
const rulesOf = (objective: Objective, scrapeSeconds = 15) => {
  const { often, seldom } = objectiveRules(objective, scrapeSeconds);
  return [...often, ...seldom];
};
const windowsOf = (rules: ReturnType<typeof rulesOf>) =>
  rules.flatMap(({ record, labels }) => (record === "service:slo_bad:ratio" ? [labels?.window] : []));

describe("an objective", () => {
  it("has the burn rates and windows of the SRE workbook for 30 days", () => {
    const rules = rulesOf(shop);
    const of = (window: string) =>
      `service:slo_bad:ratio{destination_service_name="shop", destination_service_namespace="demo", window="${window}"}`;
    const both = (long: string, short: string, limit: number) =>
      `(${of(long)} > ${limit} and ignoring(window) ${of(short)} > ${limit})`;
    const [page, ticket] = ["MeshSloBurnsFast", "MeshSloBurns"].map((name) =>
      rules.find(({ alert }) => alert === name),
    );
    assert.equal(page?.expr, `max without (window) (${both("1h", "5m", 0.0144)} or ${both("6h", "30m", 0.006)})`);
    assert.equal(page.labels?.severity, "critical");
    assert.equal(ticket?.expr, `max without (window) (${both("3d", "6h", 0.001)})`);
    assert.equal(ticket.labels?.severity, "warning");
    assert.deepEqual(windowsOf(rules).sort(), ["1h", "30m", "3d", "5m", "6h"]);
  });

  it("counts requests by result and duration, where one has a latency, and by result alone otherwise", () => {
    const expressions = (objective: Objective) =>
      rulesOf(objective)
        .map(({ expr }) => expr)
        .join("\n");
    const both = expressions(shop);
    assert.match(both, /duration_milliseconds_bucket\{[^}]*response_code!~"5\.\.", le=~"250\(\[\.\]0\)\?"\}\[5m\]/);
    assert.doesNotMatch(both, /istio_requests_total/);
    const result = expressions({ ...shop, latencyMs: undefined });
    assert.match(result, /istio_requests_total\{[^}]*service_name="shop"[^}]*response_code!~"5\.\."\}\[5m\]/);
    assert.doesNotMatch(result, /duration/);
  });

  it("scales the windows with its own, to no less than four scrapes", () => {
    assert.deepEqual(windowsOf(rulesOf({ ...shop, windowSeconds: 86_400 }, 5)), ["2m", "20s", "12m", "1m", "144m"]);
    assert.ok(windowsOf(rulesOf({ ...shop, windowSeconds: 86_400 }, 30)).every((window) => !window?.endsWith("s")));
  });

  it("is worked out as often as metrics come, but over hours each minute", () => {
    const { groups } = JSON.parse(prometheusRules([shop], 15)) as {
      groups: { name: string; interval?: string; rules: { record?: string; labels?: Record<string, string> }[] }[];
    };
    const slow = groups.find(({ name }) => name === "mesh-objectives-windows")!;
    assert.equal(slow.interval, "1m");
    assert.deepEqual(
      slow.rules.flatMap(({ labels }) => labels?.window ?? []),
      ["1h", "6h", "3d"],
    );
    assert.equal((JSON.parse(prometheusRules([], 15)) as { groups: unknown[] }).groups.length, 2);
  });

  it("writes durations as Prometheus reads them", () => {
    assert.deepEqual([20, 60, 8640, 3600, 259_200].map(promDuration), ["20s", "1m", "144m", "1h", "3d"]);
  });
});

describe("alerts", () => {
  it("go to an Alertmanager, by scheme, host and path of its URL", () => {
    const config = (alertmanagerUrl?: string) =>
      JSON.parse(
        prometheusConfig({ systemNamespace: "s", scrapeSeconds: 5, targets: {}, remoteWrite: [], alertmanagerUrl }),
      ) as { alerting?: object };
    assert.deepEqual(config("https://alerts.example.com/am").alerting, {
      alertmanagers: [{ scheme: "https", path_prefix: "/am", static_configs: [{ targets: ["alerts.example.com"] }] }],
    });
    assert.equal(config().alerting, undefined);
  });
});

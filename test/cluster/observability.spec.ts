import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { stringify } from "yaml";
import { allExpressions, filledIn } from "../support/dashboardExpressions";
import { Grafana } from "../../components/observability/grafana";
import { Kiali } from "../../components/observability/kiali";
import { jaeger } from "../../components/observability/tracing/jaeger";
import { standardLabels } from "../../components/observability/statsAccessLog";
import { images } from "../../components/versions";
import { run } from "../../toolchain/system/run";
import { declare } from "../support/declare";
import type { Outputs } from "./cluster";
import { eventually, machineAddress, npm, servingPod, start, tool } from "./cluster";
import { addFortio, apply, drive, fortioService } from "./trafficSupport";
import { target } from "./target";

/** Seconds that the log store is away; the promise is for ten minutes, which `LOKI_DOWN_SECONDS=600` tries. */
const lokiDownSeconds = Number(process.env.LOKI_DOWN_SECONDS ?? 30);

/** Expressions that have nothing to say about a mesh in which all is well. */
const silentInHealth = /^rule Mesh|Failed requests|Objective/;

interface Span {
  processID: string;
}
interface Trace {
  traceID: string;
  spans: Span[];
  processes: Record<string, { serviceName: string }>;
}
type Series = { metric: Record<string, string>; value?: [number, string] };

/**
 * Asks a Service of namespace observability, by way of the API server: nodes of kind have addresses that only they
 * know.
 */
async function getJson<T>(service: string, path: string, query: Record<string, string> = {}): Promise<T> {
  const proxied = `/api/v1/namespaces/observability/services/${service}/proxy${path}`;
  return JSON.parse(await tool("kubectl", "get", "--raw", `${proxied}?${new URLSearchParams(query).toString()}`)) as T;
}

async function promql(query: string): Promise<Series[]> {
  return (await getJson<{ data: { result: Series[] } }>("prometheus:9090", "/api/v1/query", { query })).data.result;
}

/** Asks Loki. @returns lines, or the samples of an expression that counts. */
async function logql(query: string): Promise<{ stream?: Record<string, string>; values: [string, string][] }[]> {
  const asked = { query, limit: "5000", start: String((Date.now() - 1_800_000) * 1e6), step: "60s" };
  const { data } = await getJson<{
    data: { result: { stream?: Record<string, string>; values: [string, string][] }[] };
  }>("loki:3100", "/loki/api/v1/query_range", asked);
  return data.result;
}

interface Alert {
  status: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

/** A webhook on this machine, where pods reach it. */
async function alertReceiver() {
  const alerts: Alert[] = [];
  const server = createServer((asked, answer) => {
    let body = "";
    asked.setEncoding("utf8").on("data", (text: string) => (body += text));
    asked.on("end", () => {
      alerts.push(...(JSON.parse(body) as { alerts: Alert[] }).alerts);
      answer.end();
    });
  });
  const address = await machineAddress();
  await new Promise<void>((resolve, reject) => server.on("error", reject).listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  return { alerts, url: `http://${address}:${port}/alerts`, close: () => server.close() };
}

async function request(url: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const response = await fetch(url);
    assert.equal(response.status, 200, url);
    await response.text();
  }
}

describe("observability", () => {
  let outputs: Outputs;
  let receiver: Awaited<ReturnType<typeof alertReceiver>>;
  let failing = "";
  const objective = { service: "failing", namespace: "demo", success: 99, latencyMs: 1000, windowSeconds: 86_400 };

  // Where an earlier test failed there is none.
  after(() => (receiver as typeof receiver | undefined)?.close());

  before(async () => {
    // Requests are counted here, so the load generator is off.
    ({ outputs } = await start("-c", "loadGenerator=false"));
    // The proxies have the log and the tracer once both are in a line.
    await eventually(async () => {
      await request(outputs.services["user-service"]!, 1);
      const lines = await logql('{service_name="user-service"} | log_source="access-log-file" | trace_id!=""');
      assert.ok(lines.length > 0, "an access log line in Loki");
    }, 60);
  });

  it("counts 50 requests of both services in Prometheus, with Istio's labels", async () => {
    const query = (service: string) =>
      `sum(istio_requests_total{reporter="destination", destination_service_name="${service}", ` +
      `response_code="200", connection_security_policy="mutual_tls", source_workload="istio-ingressgateway"})`;
    const services = ["user-service", "payment-service"];
    const count = async (service: string) => Number((await promql(query(service)))[0]?.value?.[1] ?? 0);
    const before = await Promise.all(services.map(count));
    for (const service of services) {
      await request(outputs.services[service]!, 25);
    }
    await eventually(async () => {
      const now = await Promise.all(services.map(count));
      services.forEach((service, i) =>
        assert.ok(now[i]! >= before[i]! + 25, `${service}: ${now[i]} after ${before[i]}`),
      );
    }, 30);
  });

  it("scrapes istiod, every proxy and the backends", async () => {
    await eventually(async () => {
      const up = await promql("up");
      assert.deepEqual(
        up.filter(({ value }) => value?.[1] !== "1").map(({ metric }) => metric.instance),
        [],
      );
      const jobs = new Set(up.map(({ metric }) => metric.job));
      assert.deepEqual([...jobs].sort(), ["istiod", "jaeger", "loki", "mesh-proxies", "prometheus"]);
    }, 60);
  });

  it("shows one request's way through gateway and sidecar in Jaeger, and its line in Loki by the trace's id", async () => {
    const marker = `/user/${Date.now()}`;
    await request(`${outputs.gatewayUrl}${marker}`, 1);
    const trace = await eventually(async () => {
      const { data } = await getJson<{ data: Trace[] }>("jaeger-query:16686", "/api/traces", {
        service: "istio-ingressgateway.istio-ingress",
        tags: JSON.stringify({ "http.url": `${outputs.gatewayUrl}${marker}` }),
        limit: "5",
      });
      assert.equal(data.length, 1, `one trace of ${marker}`);
      const names = data[0]!.spans.map(({ processID }) => data[0]!.processes[processID]!.serviceName);
      assert.ok(names.includes("istio-ingressgateway.istio-ingress"), names.join(", "));
      assert.ok(names.includes("user-service.demo"), names.join(", "));
      return data[0]!;
    }, 30);
    for (const service of ["user-service", "istio-ingressgateway"]) {
      await eventually(async () => {
        const found = await logql(`{service_name="${service}"} | trace_id="${trace.traceID}"`);
        const lines = found.flatMap(({ values }) =>
          values.map(([, line]) => JSON.parse(line) as Record<string, unknown>),
        );
        assert.equal(lines.length, 1, `one line of ${service} for trace ${trace.traceID}`);
        assert.equal(lines[0]!.path, marker);
        assert.equal(lines[0]!.response_code, 200);
      }, 30);
    }
  });

  it("gives one trace of gateway, user-service and payment-service for one curl, and a line of each with its link", async () => {
    const { code, stdout, stderr } = await npm("trace", ...target.flags, "--json", "--path", "/user/orders");
    assert.equal(code, 0, stderr);
    const { id, link } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { id: string; link: string };
    assert.equal(link, `http://localhost:16686/trace/${id}`);
    assert.match(stderr, /HTTP 200, Hello from Payment Service/);
    const services = ["istio-ingressgateway.istio-ingress", "user-service.demo", "payment-service.demo"];
    const places = services.map((name) => stderr.indexOf(name));
    assert.ok(places[0]! > 0 && places[0]! < places[1]! && places[1]! < places[2]!, stderr);
    for (const service of ["user-service", "payment-service"]) {
      const line = new RegExp(`${service} \\(access-log-file\\): GET /user/orders 200 in \\d+ ms, by \\S+\n +${link}`);
      assert.match(stderr, line);
    }
    assert.match(stderr, /payment-service \(access-log-file\): .*, by demo\/user-service/);
  });

  it("gives each series of requests every label of Istio's standard metrics, on both reporters", async () => {
    await request(`${outputs.gatewayUrl}/user/orders`, 5);
    await eventually(async () => {
      const series = await promql("istio_requests_total");
      assert.deepEqual(new Set(series.map(({ metric }) => metric.reporter)), new Set(["source", "destination"]));
      const lacks = series.flatMap(({ metric }) => {
        const missing = standardLabels.filter((label) => !metric[label]);
        return missing.length > 0 ? [`${metric.reporter} ${metric.pod}: ${missing.join(", ")}`] : [];
      });
      assert.deepEqual(lacks, []);
    }, 30);
  });

  it("collects what applications write to stdout", async () => {
    await eventually(async () => {
      const found = await logql(
        '{service_name="user-service", k8s_container_name="user-service"} | log_source="container"',
      );
      assert.ok(found.length > 0);
    }, 30);
  });

  it("can answer every expression of every dashboard and rule, with data where there is any", async () => {
    await request(outputs.services["user-service"]!, 5);
    await request(outputs.services["payment-service"]!, 5);
    // Each is asked until it has an answer, so that one that has none is named, whatever the others do meanwhile.
    const unanswered: string[] = [];
    for (const { where, language, expr } of allExpressions()) {
      const ask = async () => {
        const result = await (language === "promql" ? promql : logql)(filledIn(expr));
        assert.ok(result.length > 0 || silentInHealth.test(where), "no data");
      };
      // Where several have none, there is no need to wait for all of them.
      await eventually(ask, unanswered.length < 3 ? 90 : 0).catch((error: Error) =>
        unanswered.push(`${where}: ${expr}: ${error.message}`),
      );
    }
    assert.deepEqual(unanswered, []);
  });

  it("finds lines whose answer is larger than the 4 MiB that a gRPC server takes by default", async () => {
    const marker = `large-${Date.now()}`;
    const { name: pod } = await servingPod("demo", "app=user-service");
    // Thirty lines of 200 kB, five at a time: Loki takes 4 MB in a second by default.
    const push = `
      long=$(head -c 200000 /dev/zero | tr '\\0' x)
      for request in 1 2 3 4 5 6; do
        {
          printf '{"streams":[{"stream":{"service_name":"${marker}"},"values":['
          for line in 1 2 3 4 5; do
            [ $line = 1 ] || printf ','
            printf '["%s00000000%s","%s"]' "$(date +%s)" $line "$request-$line $long"
          done
          printf ']}]}'
        } > /var/log/mesh/large.json
        wget -q -O /dev/null --header 'Content-Type: application/json' --post-file /var/log/mesh/large.json \
          http://loki.observability:3100/loki/api/v1/push || exit 1
        sleep 1
      done
      rm /var/log/mesh/large.json`;
    await tool("kubectl", "-n", "demo", "exec", pod, "-c", "log-rotator", "--", "sh", "-c", push);
    const found = await logql(`{service_name="${marker}"}`);
    assert.equal(found.flatMap(({ values }) => values).length, 30);
  });

  it(`loses no line while the log store is away for ${lokiDownSeconds} s`, async () => {
    const marker = `outage-${Date.now()}`;
    const scale = (replicas: number) =>
      tool("kubectl", "-n", "observability", "scale", "statefulset/loki", `--replicas=${replicas}`);
    await scale(0);
    await tool("kubectl", "-n", "observability", "wait", "--for=delete", "pod/loki-0", "--timeout=60s");
    const sent: string[] = [];
    const end = Date.now() + lokiDownSeconds * 1000;
    try {
      while (Date.now() < end) {
        const path = `/user/${marker}-${sent.length}`;
        await request(`${outputs.gatewayUrl}${path}`, 1);
        sent.push(path);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    } finally {
      await scale(1);
    }
    await eventually(async () => {
      const found = await logql(`{service_name="user-service"} |= "${marker}" | log_source="access-log-file"`);
      const paths = found.flatMap(({ values }) =>
        values.map(([, line]) => (JSON.parse(line) as { path: string }).path),
      );
      assert.deepEqual(
        sent.filter((path) => !paths.includes(path)),
        [],
        `of ${sent.length} lines these are missing`,
      );
    }, 90);
  });

  it("keeps the access log from growing: the file is rotated, nothing is lost, and old files go", async () => {
    const { name: pod } = await servingPod("demo", "app=user-service");
    const sh = (script: string) =>
      tool("kubectl", "-n", "demo", "exec", pod, "-c", "log-rotator", "--", "sh", "-c", script);
    // What the rotator does at 8 MiB, done now: rename, and ask Envoy for a new file.
    await sh(
      "mv -f /var/log/mesh/access.log /var/log/mesh/access.log.1 && wget -q -O /dev/null --post-data= http://127.0.0.1:15000/reopen_logs",
    );
    const marker = `/user/rotated-${Date.now()}`;
    await request(`${outputs.gatewayUrl}${marker}`, 3);
    await eventually(async () => {
      assert.match(await sh("cat /var/log/mesh/access.log"), new RegExp(marker));
      const found = await logql(`{service_name="user-service"} |= "${marker}" | log_source="access-log-file"`);
      assert.equal(found.flatMap(({ values }) => values).length, 3);
    }, 30);
  });

  it("has data for what only shows when requests fail, or take long: panels, and the rules behind alerts", async () => {
    await addFortio();
    receiver = await alertReceiver();
    const slo = { success: 99, latency: "1s", window: "1d" };
    const { services } = await apply({
      services: [fortioService("failing", "status=503:50&delay=1500ms", { path: "/failing", slo })],
      alertWebhookUrl: receiver.url,
    });
    ({ failing } = services as { failing: string });
    const failed = allExpressions([objective]).filter(({ where }) =>
      /Failed requests|rule MeshHighErrorRatio|rule MeshHighLatency|rule MeshSlo|rule service:slo|Objective/.test(
        where,
      ),
    );
    assert.ok(failed.length >= 14, failed.map(({ where }) => where).join(", "));
    await eventually(async () => {
      await drive(services["failing"]!, 10, 10);
      const empty: string[] = [];
      for (const { where, language, expr } of failed) {
        const result = await (language === "promql" ? promql : logql)(filledIn(expr));
        if (result.length === 0) {
          empty.push(where);
        }
      }
      assert.deepEqual(empty, []);
    }, 120);
  });

  it("tells the webhook when an objective's budget burns, and when that is over", async () => {
    const seen = (status: string) =>
      receiver.alerts
        .filter(({ labels }) => labels.alertname === "MeshSloBurnsFast")
        .find((one) => one.status === status);
    const { data } = await getJson<{
      data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] };
    }>("prometheus:9090", "/api/v1/rules");
    const rules = data.groups.flatMap(({ rules: some }) => some);
    assert.ok(rules.some(({ name }) => name === "service:slo_budget_left:ratio"));
    assert.deepEqual(
      rules.filter(({ health }) => health === "err").map(({ name, lastError }) => `${name}: ${lastError}`),
      [],
    );
    const firing = await eventually(async () => {
      await drive(failing, 10, 10);
      return seen("firing") ?? assert.fail("no alert fires");
    }, 60);
    assert.deepEqual(firing.labels, {
      alertname: "MeshSloBurnsFast",
      destination_service_name: "failing",
      destination_service_namespace: "demo",
      severity: "critical",
    });
    assert.match(
      firing.annotations.summary!,
      /^failing in demo breaks its promise of 99 % good requests in 1d .* are bad$/,
    );
    // As many good requests as bad ones would leave half of the budget's windows full.
    await eventually(async () => {
      await drive(`${failing}?status=200&delay=0s`, 20, 5);
      assert.ok(seen("resolved"), "the alert is over");
    }, 180);
  });

  it("declares Kiali and Grafana as the API server takes them, though it has no image of them", async () => {
    const { resources } = await declare(() => {
      const sizing = { replicas: 2, resources: { requests: { cpu: "10m", memory: "64Mi" } } };
      const prometheus = "http://prometheus.observability:9090";
      const tracing = { name: "jaeger", url: "http://jaeger-query.observability:16686" } as const;
      new Grafana("grafana", {
        namespace: "observability",
        image: images.grafana,
        sizing,
        sources: { prometheus, tracing, loki: "http://loki.observability:3100" },
      });
      new Kiali("kiali", {
        namespace: "observability",
        image: images.kiali,
        sizing,
        systemNamespace: "istio-system",
        auth: "token",
        prometheusUrl: prometheus,
        tracing: jaeger.kiali!(tracing.url),
        grafanaUrl: "http://grafana.observability:3000",
      });
    });
    const objects = resources
      .filter(({ type }) => type.startsWith("kubernetes:"))
      .map(({ inputs }) => stringify(inputs, { aliasDuplicateObjects: false }));
    const said = await run(
      target.command("kubectl"),
      ["apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-"],
      { env: { KUBECONFIG: target.kubeconfig }, input: objects.join("---\n") },
    );
    assert.equal(said.trim().split("\n").length, objects.length, said);
  });
});

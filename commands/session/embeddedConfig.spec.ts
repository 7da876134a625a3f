import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readFileSync } from "node:fs";
import { tracingBackendNames } from "../../components/observability/tracing";
import { images } from "../../components/versions";
import { expectedInfo } from "../../toolchain";
import { requiredVersion } from "../../toolchain/binaries/goMod";
import { observabilityTags } from "../../toolchain/extras";
import { imageSources, rateLimitTag } from "../../toolchain/info";
import { BUSYBOX_VERSION, REDIS_VERSION, zipkinJar } from "../../toolchain/install/pins";
import { embeddedSettings, isEmbeddedKubeconfig } from "./embeddedConfig";
import { projectFolder } from "./stackFiles";

describe("Pulumi.sandbox.yaml", () => {
  const settings = embeddedSettings();

  it("has Istio's charts, hub and tag as the toolchain makes them", () => {
    const { chartsFolder, context, hub, kubeconfig, tag } = expectedInfo();
    const { istioCharts, istioHub, istioTag, kubeContext } = settings;
    assert.deepEqual([istioCharts, istioHub, istioTag], [chartsFolder, hub, tag]);
    assert.deepEqual([settings.kubeconfig, kubeContext], [kubeconfig, context]);
    assert.ok(!("profile" in settings), "a stack keeps its own profile");
  });

  it("has every image that can be built, with the version that is pinned", () => {
    const tags: Record<string, string> = {
      httpEcho: `http-echo:${imageSources().versions.httpEcho}`,
      prometheus: `prometheus:${observabilityTags.prometheus}`,
      alertmanager: `alertmanager:${observabilityTags.alertmanager}`,
      jaeger: `jaeger:${observabilityTags.jaeger}`,
      zipkin: `zipkin:${zipkinJar.version}`,
      loki: `loki:${observabilityTags.loki}`,
      collector: `otelcol:${observabilityTags.otelcol}`,
      fortio: `fortio:${observabilityTags.fortio}`,
      busybox: `busybox:${BUSYBOX_VERSION}`,
      rateLimit: `ratelimit:${rateLimitTag()}`,
      redis: `redis:${REDIS_VERSION}`,
    };
    const expected = Object.fromEntries(Object.entries(tags).map(([name, tag]) => [name, `sandbox.local/${tag}`]));
    assert.deepEqual(JSON.parse(settings.images!), expected);
    // A tracing backend that is no default may lack an image here: a stack has to ask for it.
    const [, ...otherTracing] = tracingBackendNames as string[];
    const left = Object.keys(images).filter((name) => !(name in tags) && !otherTracing.includes(name));
    assert.deepEqual([left, settings.kiali, settings.grafana], [["kiali", "grafana"], "false", "false"]);
  });

  it("has tags of the modules that go.mod pins", () => {
    const modules = {
      prometheus: "github.com/prometheus/prometheus",
      alertmanager: "github.com/prometheus/alertmanager",
      jaeger: "github.com/jaegertracing/jaeger",
      otelcol: "go.opentelemetry.io/collector/service",
      loki: "github.com/grafana/loki/v3",
      fortio: "fortio.org/fortio",
    };
    for (const [name, module] of Object.entries(modules)) {
      const goMod = readFileSync(join(projectFolder, "toolchain/binaries", name, "go.mod"), "utf8");
      assert.equal(requiredVersion(goMod, module), `v${observabilityTags[name as keyof typeof modules]}`);
    }
  });
});

describe("isEmbeddedKubeconfig", () => {
  const before = process.env.XDG_STATE_HOME;
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "embedded-"));
    process.env.XDG_STATE_HOME = join(folder, "state");
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
    if (before === undefined) {
      delete process.env.XDG_STATE_HOME;
    } else {
      process.env.XDG_STATE_HOME = before;
    }
  });

  it("knows the file by its path, and by the link in the project's folder, before and after it is there", () => {
    const { kubeconfig } = expectedInfo();
    const link = join(folder, ".toolchain", "kubeconfig");
    const other = join(folder, "other");
    const judged = () => [[kubeconfig], [link], [other], []].map((files) => isEmbeddedKubeconfig(files, folder));
    assert.deepEqual(judged(), [true, true, false, false]);
    mkdirSync(dirname(link));
    mkdirSync(dirname(kubeconfig), { recursive: true });
    writeFileSync(kubeconfig, "");
    writeFileSync(other, "");
    symlinkSync(kubeconfig, link);
    assert.deepEqual(judged(), [true, true, false, false]);
  });
});

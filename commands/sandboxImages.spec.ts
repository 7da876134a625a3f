import assert from "node:assert/strict";
import { parseConfig } from "../stacks/config";
import { wantedPrograms } from "./sandboxImages";
import { asProgramConfig, readProject } from "./stackFiles";

describe("wantedPrograms", () => {
  const wanted = (config: Record<string, unknown>) => {
    const project = readProject();
    const keyed = Object.fromEntries(Object.entries(config).map(([key, value]) => [`${project.name}:${key}`, value]));
    return wantedPrograms(parseConfig(asProgramConfig({ [`${project.name}:kiali`]: "false", ...keyed }, project)));
  };
  const none = { metricsBackend: "none", tracingBackend: "none", logsBackend: "none" };
  const alone = [{ name: "a", path: "/a" }];

  it("are all unless the stack uses others, or none", () => {
    assert.deepEqual(wanted({}), ["fortio", "prometheus", "jaeger", "otelcol", "loki"]);
    assert.deepEqual(wanted({ metricsBackend: "existing", metricsUrl: "http://p", tracingBackend: "none" }), [
      "fortio",
      "otelcol",
      "loki",
    ]);
    const elsewhere = { logsBackend: "otlp", logsUrl: "http://logs" };
    assert.deepEqual(wanted(elsewhere), ["fortio", "prometheus", "jaeger", "otelcol"]);
  });

  it("have fortio where something sends requests: the load generator, or a service that calls another", () => {
    assert.deepEqual(wanted({ ...none, services: alone }), ["fortio"]);
    assert.deepEqual(wanted({ ...none, loadGenerator: "false" }), ["fortio"]);
    assert.deepEqual(wanted({ ...none, services: alone, loadGenerator: "false" }), []);
    assert.deepEqual(wanted({ ...none, services: alone, profile: "prod" }), []);
  });
});

import assert from "node:assert/strict";
import { asksForRateLimit, wantedPrograms } from "./sandboxImages";

describe("images of the embedded cluster", () => {
  it("of the rate limit service are for those who ask for it", () => {
    assert.equal(asksForRateLimit([{ name: "a" }, { name: "b", globalRateLimit: { requests: 1, unit: "day" } }]), true);
    assert.equal(asksForRateLimit([{ name: "a", rateLimit: {} }]), false);
    assert.equal(asksForRateLimit(undefined), false);
    assert.equal(asksForRateLimit("nonsense"), false);
  });
});

describe("wantedPrograms", () => {
  it("are all unless the stack uses others, or none", () => {
    assert.deepEqual(wantedPrograms({}), ["fortio", "prometheus", "jaeger", "otelcol", "loki"]);
    assert.deepEqual(wantedPrograms({ metricsBackend: "existing", tracingBackend: "none" }), [
      "fortio",
      "otelcol",
      "loki",
    ]);
    assert.deepEqual(wantedPrograms({ logsBackend: "otlp" }), ["fortio", "prometheus", "jaeger", "otelcol"]);
    const none = { metricsBackend: "none", tracingBackend: "none", logsBackend: "none" };
    assert.deepEqual(wantedPrograms(none), ["fortio"]);
  });
});

import assert from "node:assert/strict";
import { packConfigOf } from "./packConfig";

describe("packConfigOf", () => {
  it("gives nothing where nothing is set", () => {
    assert.deepEqual(packConfigOf({}), {});
  });

  it("puts what holds for the whole pack under its own policy, and the rest under each rule", () => {
    const config = packConfigOf({
      profile: "prod",
      externalHosts: ["*.example.com"],
      levels: { "images-pinned": "mandatory", "canonical-labels": "disabled" },
      rules: { "workload-gets-sidecar": { allowOptOut: true }, "images-pinned": {} },
    });
    assert.deepEqual(config, {
      "mesh-settings": {
        profile: "prod",
        externalHosts: ["*.example.com"],
        levels: { "images-pinned": "mandatory", "canonical-labels": "disabled" },
      },
      "images-pinned": { enforcementLevel: "mandatory" },
      "canonical-labels": { enforcementLevel: "disabled" },
      "workload-gets-sidecar": { allowOptOut: true },
    });
  });
});

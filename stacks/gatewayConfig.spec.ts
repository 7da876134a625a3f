import assert from "node:assert/strict";
import { asProgramConfig, readProject } from "../commands/session/stackFiles";
import { parseConfig } from "./config";
import { gatewayLeadsNowhere } from "./gatewayConfig";

const parse = (gatewayAnnotations: unknown) =>
  parseConfig(asProgramConfig({ "sidecar-mesh:gatewayAnnotations": gatewayAnnotations }, readProject())).gateway;

describe("gateway config", () => {
  it("makes texts of the annotations that Pulumi's command line makes truth values and numbers of", () => {
    assert.deepEqual(parse({ "example.com/a": "x", "example.com/b": true, "example.com/c": 8080 }).annotations, {
      "example.com/a": "x",
      "example.com/b": "true",
      "example.com/c": "8080",
    });
  });

  it("refuses what is no annotation", () => {
    assert.throws(() => parse({ "example.com/a": { b: "c" } }), /gatewayAnnotations\.example\.com\/a = .*: use a text/);
  });

  it("says so where the gateway would lead nowhere, with key and fix", () => {
    const none = { calls: [] };
    assert.match(gatewayLeadsNowhere([none, none], false)!.fix, /^no service has a path, .*give one of them a path/);
    assert.equal(gatewayLeadsNowhere([none, { ...none, path: "/a" }], false), undefined);
    assert.equal(gatewayLeadsNowhere([none, { calls: [{}] }], false), undefined);
    assert.equal(gatewayLeadsNowhere([none], true), undefined);
  });
});

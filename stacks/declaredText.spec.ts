import assert from "node:assert/strict";
import { parseConfig } from "./config";
import { declaredMesh } from "./declared";
import { declaredText, parseDeclared } from "./declaredText";
import type { Settings } from "./settings";

describe("the output `declared`", () => {
  const settings = parseConfig({}) as Settings;
  const mesh = declaredMesh(settings, { namespace: "istio-ingress", serviceAccount: "istio-ingressgateway" });

  it("shows all that is declared", () => {
    // What is undefined is left out of JSON, as it is of any output.
    assert.deepEqual(parseDeclared(declaredText(mesh)), JSON.parse(JSON.stringify(mesh)));
  });

  it("is no JSON as a whole and has one line, so that the CLI does not unfold it", () => {
    assert.throws(() => void JSON.parse(declaredText(mesh)), SyntaxError);
    assert.ok(!declaredText(mesh).includes("\n"));
  });

  it("is nothing where there is none, or that of an older version", () => {
    for (const other of [undefined, "", "[secret]", { ...mesh }]) {
      assert.equal(parseDeclared(other), undefined);
    }
  });
});

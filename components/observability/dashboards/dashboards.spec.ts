import assert from "node:assert/strict";
import { allExpressions, filledIn } from "../../../test/support/dashboardExpressions";
import { dashboardFiles, dashboards } from "./index";

describe("dashboards", () => {
  it("are six, each with a uid of its own, and panels that lie side by side", () => {
    const all = dashboards();
    assert.deepEqual(
      all.map(({ uid }) => uid),
      ["mesh-overview", "mesh-service", "mesh-workload", "mesh-gateway", "mesh-control-plane", "mesh-logs"],
    );
    for (const { title, panels = [] } of all) {
      const places = panels.map((panel) => JSON.stringify((panel as { gridPos?: unknown }).gridPos));
      assert.equal(new Set(places).size, panels.length, title);
    }
  });

  it("fit into a ConfigMap", () => {
    assert.ok(JSON.stringify(dashboardFiles()).length < 900_000);
  });

  it("and rules give every expression to the tests, and each panel has one", () => {
    const expressions = allExpressions();
    const panels = dashboards().flatMap(({ panels: some = [] }) => some);
    assert.ok(expressions.length > panels.length);
    assert.ok(expressions.every(({ expr }) => expr.trim() !== ""));
    assert.ok(expressions.some(({ language }) => language === "logql"));
  });

  it("use no variable that the tests leave open", () => {
    for (const { where, expr } of allExpressions()) {
      assert.doesNotMatch(filledIn(expr), /\$/, where);
    }
  });
});

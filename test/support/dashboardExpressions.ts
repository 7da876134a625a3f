import { objectiveRules } from "../../components/observability/objectives";
import type { Objective } from "../../components/observability/objectives";
import { alertingRules, recordingRules } from "../../components/observability/rules";
import { dashboards } from "../../components/observability/dashboards";

/** An expression, and where it stands. */
export interface Expression {
  where: string;
  language: "promql" | "logql";
  expr: string;
}

/** What Grafana puts in the place of its variables, for asking without Grafana. */
const values: Record<string, string> = {
  __rate_interval: "1m",
  __interval: "1m",
  namespace: ".+",
  service: ".+",
  workload: ".+",
};

/** @returns `expr` with Grafana's variables filled in. */
export function filledIn(expr: string): string {
  return expr.replace(/\$(\w+)/g, (variable, name: string) => values[name] ?? variable);
}

interface Target {
  expr?: string;
  datasource?: { type?: string };
}

/** @returns every expression of every dashboard and rule, those of `objectives` among them. */
export function allExpressions(objectives: readonly Objective[] = [], scrapeSeconds = 5): Expression[] {
  const ofDashboards = dashboards().flatMap(({ title, panels = [], templating }) => [
    ...panels.flatMap((panel) => {
      const targets = ("targets" in panel ? (panel.targets ?? []) : []) as Target[];
      return targets.map(({ expr = "", datasource }): Expression => {
        const where = `${title} / ${("title" in panel && panel.title) || "a panel"}`;
        return { where, language: datasource?.type === "loki" ? "logql" : "promql", expr };
      });
    }),
    ...(templating?.list ?? []).map(({ name, query }): Expression => {
      const text = typeof query === "string" ? query : "";
      const selector = /^label_values\((.+), *\w+\)$/.exec(text)?.[1] ?? text;
      return { where: `${title} / variable ${name}`, language: "promql", expr: selector };
    }),
  ]);
  const promised = objectives.map((one) => objectiveRules(one, scrapeSeconds));
  const rules = [
    ...recordingRules,
    ...alertingRules,
    ...promised.flatMap(({ often, seldom }) => [...often, ...seldom]),
  ];
  const ofRules = rules.map(({ record, alert, expr }): Expression => {
    return { where: `rule ${record ?? alert}`, language: "promql", expr };
  });
  return [...ofDashboards, ...ofRules];
}

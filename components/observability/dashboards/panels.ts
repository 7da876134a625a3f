import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as LogsPanel } from "@grafana/grafana-foundation-sdk/logs";
import { DataqueryBuilder as LokiQuery } from "@grafana/grafana-foundation-sdk/loki";
import { DataqueryBuilder as PrometheusQuery } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatPanel } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TimeseriesPanel } from "@grafana/grafana-foundation-sdk/timeseries";
import { dataSourceUid } from "./dataSources";

/** An expression, and how its series are called; the legend uses `{{label}}`. */
export interface Series {
  expr: string;
  legend?: string;
}

const prometheus = { type: "prometheus", uid: dataSourceUid("prometheus") };
const loki = { type: "loki", uid: dataSourceUid("loki") };

/** Heights and widths in Grafana's grid of 24 columns. */
const half = 12;
const quarter = 6;

function query({ expr, legend }: Series, i: number): PrometheusQuery {
  const built = new PrometheusQuery()
    .expr(expr)
    .refId(String.fromCharCode(65 + i))
    .datasource(prometheus);
  return legend === undefined ? built : built.legendFormat(legend);
}

/** @returns a graph over time. `unit` is one of Grafana's: `reqps`, `ms`, `percentunit`, `bytes`, `short`. */
export function graph(title: string, unit: string, ...series: Series[]): TimeseriesPanel {
  const panel = new TimeseriesPanel().title(title).unit(unit).min(0).datasource(prometheus).span(half).height(8);
  series.forEach((one, i) => panel.withTarget(query(one, i)));
  return panel;
}

/** @returns one number, as it is now. */
export function number(title: string, unit: string, expr: string): StatPanel {
  return new StatPanel()
    .title(title)
    .unit(unit)
    .datasource(prometheus)
    .span(quarter)
    .height(4)
    .withTarget(query({ expr }, 0));
}

/** @returns log lines, the newest first. */
export function lines(title: string, expr: string): LogsPanel {
  return new LogsPanel()
    .title(title)
    .datasource(loki)
    .span(24)
    .height(12)
    .showTime(true)
    .enableLogDetails(true)
    .withTarget(new LokiQuery().expr(expr).refId("A").datasource(loki));
}

/** @returns a graph of what a LogQL expression counts. */
export function logGraph(title: string, unit: string, { expr, legend = "" }: Series): TimeseriesPanel {
  return new TimeseriesPanel()
    .title(title)
    .unit(unit)
    .min(0)
    .datasource(loki)
    .span(half)
    .height(8)
    .withTarget(new LokiQuery().expr(expr).legendFormat(legend).refId("A").datasource(loki));
}

/** @returns a choice at the top of a dashboard, filled with the values of a label. */
export function choice(name: string, label: string, values: string): dashboard.QueryVariableBuilder {
  return new dashboard.QueryVariableBuilder(name)
    .label(label)
    .datasource(prometheus)
    .query(values)
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.AlphabeticalAsc);
}

/** @returns an empty dashboard. Its uid is what links name it by. */
export function board(uid: string, title: string): dashboard.DashboardBuilder {
  return new dashboard.DashboardBuilder(title)
    .uid(uid)
    .tags(["mesh"])
    .readonly()
    .refresh("10s")
    .time({ from: "now-30m", to: "now" })
    .timezone("browser")
    .link(
      new dashboard.DashboardLinkBuilder("Mesh")
        .type(dashboard.DashboardLinkType.Dashboards)
        .tags(["mesh"])
        .asDropdown(true),
    );
}

import type { TracingBackendName } from "../tracing";

/**
 * @returns the id in Grafana of the data source that shows a backend, by the name of that. Dashboards and links refer
 * to it.
 */
export const dataSourceUid = (backend: "prometheus" | "loki" | TracingBackendName) => `mesh-${backend}`;

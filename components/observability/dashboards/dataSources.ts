/** Names by which dashboards and links find the data sources, whatever these are called. */
export const dataSourceUids = { prometheus: "mesh-prometheus", loki: "mesh-loki", jaeger: "mesh-jaeger" } as const;

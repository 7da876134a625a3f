/** Names of what Istio's MeshConfig offers and a Telemetry switches on. */
export const providers = { tracing: "mesh-tracing", stdoutLog: "mesh-stdout-log", fileLog: "mesh-file-log" } as const;

/** The folder that Envoy and the log scraper of a pod share, and the file that Envoy writes there. */
export const sharedLog = { folder: "/var/log/mesh", file: "/var/log/mesh/access.log" } as const;

/**
 * Label of the pods that have the shared folder; in others Envoy would fail to open the file, and refuse its listeners.
 */
export const scrapedLabel = { "sidecar-mesh/access-log": "file" } as const;

/**
 * Fields of a line of the access log, and what Envoy puts there. Names are those that Istio's own JSON format has;
 * trace and span are what links a line to its trace.
 */
export const accessLogFields: Record<string, string> = {
  start_time: "%START_TIME%",
  method: "%REQ(:METHOD)%",
  path: "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
  protocol: "%PROTOCOL%",
  response_code: "%RESPONSE_CODE%",
  response_flags: "%RESPONSE_FLAGS%",
  response_code_details: "%RESPONSE_CODE_DETAILS%",
  connection_termination_details: "%CONNECTION_TERMINATION_DETAILS%",
  upstream_transport_failure_reason: "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
  bytes_received: "%BYTES_RECEIVED%",
  bytes_sent: "%BYTES_SENT%",
  duration: "%DURATION%",
  upstream_service_time: "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
  x_forwarded_for: "%REQ(X-FORWARDED-FOR)%",
  user_agent: "%REQ(USER-AGENT)%",
  request_id: "%REQ(X-REQUEST-ID)%",
  authority: "%REQ(:AUTHORITY)%",
  upstream_host: "%UPSTREAM_HOST%",
  upstream_cluster: "%UPSTREAM_CLUSTER%",
  downstream_remote_address: "%DOWNSTREAM_REMOTE_ADDRESS%",
  downstream_peer: "%DOWNSTREAM_PEER_URI_SAN%",
  requested_server_name: "%REQUESTED_SERVER_NAME%",
  route_name: "%ROUTE_NAME%",
  trace_id: "%TRACE_ID%",
  span_id: "%SPAN_ID%",
};

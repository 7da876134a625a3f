import type { Identity } from "../../stacks/declared";

/** A line of the access log, as far as commands show it; the fields are those of components/accessLog.ts. */
export interface AccessLine {
  /** When the request came, ISO 8601. */
  start_time?: string;
  method?: string;
  path?: string;
  response_code?: number;
  /** Milliseconds. */
  duration?: number;
  /** SPIFFE id of the caller; empty in plain text, and in lines of a caller's own sidecar. */
  downstream_peer?: string;
  /** `inbound|PORT||`, or `outbound|PORT|SUBSET|HOST` where a sidecar sends a request of its own application. */
  upstream_cluster?: string;
  trace_id?: string;
}

/** @returns a line of the access log; undefined if a text is none. */
export function parseAccessLine(text: string): AccessLine | undefined {
  try {
    const line = JSON.parse(text) as AccessLine | null;
    return line?.method === undefined ? undefined : line;
  } catch {
    return undefined;
  }
}

/** @returns the identity in a SPIFFE id, `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT`; undefined if it is none. */
export function identityOf(spiffe = ""): Identity | undefined {
  const [, namespace, serviceAccount] = /^spiffe:\/\/[^/]+\/ns\/([^/]+)\/sa\/(.+)$/.exec(spiffe) ?? [];
  return namespace === undefined || serviceAccount === undefined ? undefined : { namespace, serviceAccount };
}

/** @returns the caller in a line as `namespace/service-account`; undefined without an identity. */
export function callerOf({ downstream_peer: peer }: Pick<AccessLine, "downstream_peer">): string | undefined {
  const identity = identityOf(peer);
  return identity ? `${identity.namespace}/${identity.serviceAccount}` : peer || undefined;
}

import { Agent } from "node:https";
import { KubeConfig } from "@kubernetes/client-node";
import type { RequestContext } from "@kubernetes/client-node";

/** What a connection is made with; while all of it stays the same, the next request can have the same connection. */
const identity = ["ca", "cert", "key", "pfx", "passphrase", "servername", "rejectUnauthorized"] as const;

/**
 * A KubeConfig whose requests share connections. The library's own makes an agent for each request, and so a
 * connection, a handshake and a check of the client's certificate: most of what applying a small object costs, on both
 * sides.
 */
export class PooledKubeConfig extends KubeConfig {
  private pooled?: Agent;

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    await super.applySecurityAuthentication(context);
    const made: unknown = context.getAgent();
    // One that leads through a proxy has to stay what it is.
    if (made instanceof Agent && Object.getPrototypeOf(made) === Agent.prototype) {
      context.setAgent(this.reuse(made));
    }
  }

  /** @returns the agent of earlier requests, unless credentials were renewed since. */
  private reuse(made: Agent): Agent {
    const wanted = made.options;
    const kept = this.pooled?.options;
    if (!this.pooled || !identity.every((key) => sameCredential(kept?.[key], wanted[key]))) {
      this.pooled = new Agent({ ...wanted, keepAlive: true });
    }
    return this.pooled;
  }
}

function sameCredential(a: unknown, b: unknown): boolean {
  return a === b || (Buffer.isBuffer(a) && Buffer.isBuffer(b) && a.equals(b));
}

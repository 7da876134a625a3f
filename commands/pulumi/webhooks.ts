import { setTimeout as sleep } from "node:timers/promises";
import type { EngineReport } from "./events";
import { FailedError } from "./process";

/** Runs that are made at most, the first one included. */
const attempts = 3;

/**
 * What the API server says when it cannot reach a webhook, as opposed to a webhook that refuses an object:
 * k8s.io/apiserver/pkg/util/webhook/error.go (ErrCallingWebhook, ErrWebhookRejection).
 */
const unreachable = /failed calling webhook ("[^"]*")/;

/**
 * What the engine says besides once a resource has failed: that the whole did, and that it has cancelled what else was
 * under way.
 */
const consequence = /^(preview|update) failed$|context canceled|resource monitor shut down/;

/**
 * @returns the webhook that the API server could not reach, where a run failed for this reason alone. While istiod is
 * replaced, a request may still go to the pod that has just ended. Pure.
 */
export function unreachableWebhook({ errors }: Pick<EngineReport, "errors">): string | undefined {
  const reasons = errors.filter((error) => !consequence.test(error.trim()));
  const webhooks = reasons.map((error) => unreachable.exec(error)?.[1]);
  return webhooks.every((webhook) => webhook !== undefined) ? webhooks[0] : undefined;
}

/**
 * Makes a preview or an update again where it failed only because the API server could not reach a webhook. Pulumi's
 * Kubernetes provider makes a request again only when a kind or a namespace is missing.
 * @param waitMs Milliseconds before the next one.
 * @throws what `run` throws, when it fails for another reason or too often.
 */
export async function pastUnreachableWebhooks<T>(
  run: () => Promise<T>,
  log: (line: string) => void,
  waitMs = 5000,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      const webhook = error instanceof FailedError && error.report && unreachableWebhook(error.report);
      if (!webhook || attempt === attempts) {
        throw error;
      }
      const next = `attempt ${attempt + 1} of ${attempts}`;
      log(`the API server could not reach the webhook ${webhook}; it is tried again in ${waitMs / 1000} s (${next})`);
      await sleep(waitMs);
    }
  }
}

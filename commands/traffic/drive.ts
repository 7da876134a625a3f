import { setTimeout as sleep } from "node:timers/promises";
import type { HttpClient } from "../shared/httpClient";
import { due } from "./plan";
import type { TrafficPlan } from "./plan";
import type { Sent } from "./summary";

/** Requests that may be without an answer at once; what is slow is not buried under more. */
const mostOpen = 200;

/** Milliseconds between two looks at what is due. */
const tickMs = 10;

/** Requests so far, and how long it took. */
export interface Progress {
  sent: readonly Sent[];
  seconds: number;
}

/**
 * Sends the requests of a plan at an even pace, whatever the answers are like, and waits for the last of them.
 * @param onTick Called often with the progress.
 * @param stop Ends it early.
 */
export async function drive(
  plan: TrafficPlan,
  client: HttpClient,
  url: string,
  onTick: (progress: Progress) => void,
  stop: AbortSignal,
): Promise<Progress> {
  const sent: Sent[] = [];
  const open = new Set<Promise<void>>();
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  let begun = 0;
  while (!stop.aborted) {
    // Read once: what was due before the end is sent, though a busy machine looks only after it.
    const now = seconds();
    while (begun < due(plan, now) && open.size < mostOpen) {
      const path = plan.paths[begun++ % plan.paths.length]!;
      const one = client.get(url + path).then(({ status, ms, error }) => {
        sent.push({ path, status, ms, error });
        open.delete(one);
      });
      open.add(one);
    }
    onTick({ sent, seconds: seconds() });
    if (now >= plan.seconds) {
      break;
    }
    await sleep(tickMs);
  }
  const took = seconds();
  await Promise.all(open);
  return { sent, seconds: took };
}

import type { MeshOutputs } from "../session/stackOutputs";
import type { HttpClient } from "../shared/httpClient";
import type { Cluster } from "./cluster";

/** What a check found. */
export type Outcome =
  /** All is well; `evidence` is what shows it. */
  | { verdict: "pass"; evidence: string }
  /** Something is wrong: what was seen, the likely cause, and the command to look further. */
  | { verdict: "fail"; evidence: string; cause: string; next: string }
  /** There is nothing to check; `evidence` is why. */
  | { verdict: "skip"; evidence: string };

export const pass = (evidence: string): Outcome => ({ verdict: "pass", evidence });
export const fail = (evidence: string, cause: string, next: string): Outcome => ({
  verdict: "fail",
  evidence,
  cause,
  next,
});
export const skip = (evidence: string): Outcome => ({ verdict: "skip", evidence });

/** What checks work with. */
export interface Context extends Pick<MeshOutputs, "declared" | "gatewayUrl"> {
  cluster: Cluster;
  /** Sends requests to the ingress gateway. */
  http: HttpClient;
  /** Exercise what is declared, though it costs requests that fail. */
  deep: boolean;
}

/** One thing that has to be so. */
export interface Check {
  /** Name, as --only and --skip take it. */
  name: string;
  /** What is asked, in a few words. */
  description: string;
  /**
   * Checks that have to pass first: when one of them fails, this one would fail for the same reason, and
   * name the wrong cause.
   */
  needs: readonly string[];
  /** Run it when all before it have ended: it would disturb them, or wants to see what they left. Default false. */
  last?: boolean;
  run(context: Context): Promise<Outcome>;
}

/** A check and what it found; `blocked` if it was not run because of another one. */
export interface Result {
  name: string;
  description: string;
  verdict: Outcome["verdict"] | "blocked";
  evidence: string;
  cause?: string;
  next?: string;
  /** Milliseconds. */
  ms: number;
}

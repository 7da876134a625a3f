import assert from "node:assert/strict";
import type { MeshOutputs } from "../../commands/session/stackOutputs";
import { readOutputs } from "../../commands/session/stackOutputs";
import type { Outputs } from "./cluster";
import { allObjects, eventually, readyContainers } from "./cluster";
import { target } from "./target";

/**
 * Asserts that both services answer with their text, through a gateway that is a real Envoy, and that nothing else
 * does.
 */
export async function assertAnswers({ gatewayUrl, services }: Outputs): Promise<void> {
  assert.deepEqual(Object.keys(services).sort(), ["payment-service", "user-service"]);
  for (const [url, text] of [
    [services["user-service"], "Hello from User Service"],
    [services["payment-service"], "Hello from Payment Service"],
  ] as const) {
    await eventually(async () => {
      const response = await fetch(url!);
      assert.equal(response.status, 200, url);
      assert.equal((await response.text()).trim(), text);
      assert.equal(response.headers.get("server"), "istio-envoy");
      assert.ok(response.headers.has("x-envoy-upstream-service-time"));
    });
  }
  // The path matches the segment, not the letters.
  assert.equal((await fetch(`${gatewayUrl}/user/7`)).status, 200);
  assert.equal((await fetch(`${gatewayUrl}/users`)).status, 404);
  assert.equal((await fetch(gatewayUrl)).status, 404);
}

/** The pages that the sandbox has a program for, and a path below which each one answers a question. */
export const pageQuestions = { prometheus: "/api/v1/query?query=up", jaeger: "/api/services" } as const;

/** Asserts that a page answers below `url`, as the program behind it would. */
export async function assertAnswersBelow(url: string, question: string): Promise<void> {
  const response = await fetch(url + question);
  assert.equal(response.status, 200, url + question);
  assert.ok("data" in ((await response.json()) as object), url + question);
}

/** Asserts that each pod of the two services has the application and its sidecar, both ready. */
export async function assertSidecars(): Promise<void> {
  const pods = await readyContainers("demo");
  for (const service of ["user-service", "payment-service"]) {
    const own = Object.entries(pods).filter(([pod]) => pod.startsWith(`${service}-`));
    assert.ok(own.length > 0, `a pod of ${service} in ${JSON.stringify(pods)}`);
    for (const [pod, containers] of own) {
      assert.ok(containers.includes(service) && containers.includes("istio-proxy"), `${pod}: ${containers.join(", ")}`);
    }
  }
}

/** Asserts that the cluster holds what it held before: nothing of ours is left, and nothing else is gone. */
export async function assertSameObjects(before: readonly string[]): Promise<void> {
  // The API server takes a while to forget the API groups of resource definitions that are gone.
  await eventually(async () => {
    const now = await allObjects();
    const left = now.filter((object) => !before.includes(object));
    const gone = before.filter((object) => !now.includes(object));
    assert.deepEqual({ left, gone }, { left: [], gone: [] });
  }, 60);
}

/** @returns the outputs of the cluster's stack, as commands read them. */
export function meshOutputs(): Promise<MeshOutputs> {
  return readOutputs({ stack: target.stack, settings: {} }, () => undefined);
}

import assert from "node:assert/strict";
import { parseEventLog } from "./events";
import { FailedError } from "./process";
import { pastUnreachableWebhooks, unreachableWebhook } from "./webhooks";

const urn = "urn:pulumi:dev::sidecar-mesh::kubernetes:networking.istio.io/v1:Sidecar::scope";
const calling = 'Internal error occurred: failed calling webhook "validation.istio.io": failed to call webhook';
const timeout = `resource "${urn}" was not successfully created by the Kubernetes API server: ${calling}: Post "https://istiod.istio-system.svc:443/validate?timeout=10s": context deadline exceeded`;
const previewed = `Preview failed: 1 error occurred:\n\t* the Kubernetes API server reported that "istio-system/lost-connections" failed to fully initialize or become live: ${calling}: Post "https://istiod.istio-system.svc:443/validate?timeout=10s": dial tcp 10.96.82.217:443: connect: connection refused`;
const refusal = `resource "${urn}" was not successfully created by the Kubernetes API server: admission webhook "validation.istio.io" denied the request: configuration is invalid`;

const failure = (...errors: string[]) =>
  new FailedError("pulumi up ended with exit code 1", { ...parseEventLog(""), errors });

/** An update that fails with each of these, one after the other, and then passes. */
function update(...failures: Error[]) {
  const run = () => {
    run.calls++;
    const next = failures.shift();
    return next ? Promise.reject(next) : Promise.resolve("done");
  };
  run.calls = 0;
  return run;
}

describe("webhooks that the API server cannot reach", () => {
  it("are told from webhooks that refuse, and from other errors", () => {
    assert.equal(unreachableWebhook({ errors: [timeout, "update failed"] }), '"validation.istio.io"');
    assert.equal(unreachableWebhook({ errors: [timeout, refusal, "update failed"] }), undefined);
    assert.equal(unreachableWebhook({ errors: [refusal] }), undefined);
    assert.equal(unreachableWebhook({ errors: [] }), undefined);
    assert.equal(unreachableWebhook({ errors: ["update failed"] }), undefined);
  });

  it("are told from what the engine cancels after a failure", () => {
    const rest = [
      "failed to run remediation: context canceled",
      "failed to deliver log message.\noriginal message: Error: 14 UNAVAILABLE: resource monitor shut down while sending resource outputs",
    ];
    assert.equal(unreachableWebhook({ errors: [...rest, previewed, "preview failed"] }), '"validation.istio.io"');
    assert.equal(unreachableWebhook({ errors: [...rest, "preview failed"] }), undefined);
    assert.equal(unreachableWebhook({ errors: [...rest, previewed, refusal] }), undefined);
  });

  it("are read from the engine's event log", () => {
    const line = (message: string) => JSON.stringify({ diagnosticEvent: { severity: "error", message } });
    const log = [line(`<{%reset%}>${timeout}<{%reset%}>\n`), line("<{%reset%}>update failed<{%reset%}>\n")];
    assert.equal(unreachableWebhook(parseEventLog(log.join("\n"))), '"validation.istio.io"');
  });

  it("let an update go on, and say so", async () => {
    const said: string[] = [];
    const failing = update(failure(timeout), failure(timeout));
    assert.equal(await pastUnreachableWebhooks(failing, (line) => said.push(line), 0), "done");
    assert.equal(failing.calls, 3);
    assert.match(said[0]!, /could not reach the webhook "validation.istio.io"; .*attempt 2 of 3/);
  });

  it("end an update after three attempts", async () => {
    const failing = update(failure(timeout), failure(timeout), failure(timeout));
    await assert.rejects(
      pastUnreachableWebhooks(failing, () => {}, 0),
      /exit code 1/,
    );
    assert.equal(failing.calls, 3);
  });

  it("are no reason to repeat what fails for another one", async () => {
    for (const error of [failure(refusal), failure(timeout, refusal), new Error("no CLI"), new FailedError("no log")]) {
      const failing = update(error);
      await assert.rejects(
        pastUnreachableWebhooks(failing, () => {}, 0),
        error,
      );
      assert.equal(failing.calls, 1);
    }
  });
});

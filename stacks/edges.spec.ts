import assert from "node:assert/strict";
import { callersOf } from "./edges";

const gateway = { namespace: "istio-ingress", serviceAccount: "istio-ingressgateway" };
const context = { namespace: "demo", gateway };

describe("callersOf", () => {
  it("lets the gateway in where the service has a path, and nowhere else", () => {
    assert.deepEqual(callersOf({ path: "/user", allowFrom: [] }, context), [gateway]);
    assert.deepEqual(callersOf({ allowFrom: [] }, context), []);
  });
  it("lets in whom config names, a service by the account of its name", () => {
    const other = { namespace: "jobs", serviceAccount: "report" };
    assert.deepEqual(callersOf({ allowFrom: [{ service: "user-service" }, other] }, context), [
      { namespace: "demo", serviceAccount: "user-service" },
      other,
    ]);
  });
});

import assert from "node:assert/strict";
import { calleesByCaller, callersOf } from "./edges";

const gateway = { namespace: "istio-ingress", serviceAccount: "istio-ingressgateway" };
const context = { namespace: "demo", gateway };

describe("callersOf", () => {
  it("lets the gateway in where the service has a path, and nowhere else", () => {
    assert.deepEqual(callersOf({ calls: [], path: "/user", allowFrom: [] }, context), [gateway]);
    assert.deepEqual(callersOf({ calls: [], allowFrom: [] }, context), []);
    const calls = [{ path: "/user/orders", service: "payment", port: 8091 }];
    assert.deepEqual(callersOf({ calls, allowFrom: [] }, context), [gateway]);
  });
  it("lets in whom config names, a service by the account of its name", () => {
    const other = { namespace: "jobs", serviceAccount: "report" };
    assert.deepEqual(callersOf({ calls: [], allowFrom: [{ service: "user-service" }, other] }, context), [
      { namespace: "demo", serviceAccount: "user-service" },
      other,
    ]);
  });
});

describe("calleesByCaller", () => {
  it("turns the edges round, whether a caller is named as a service or by its account", () => {
    const services = [
      { serviceName: "a", allowFrom: [] },
      { serviceName: "b", allowFrom: [{ service: "a" }, { namespace: "demo", serviceAccount: "a" }] },
      {
        serviceName: "c",
        allowFrom: [
          { namespace: "demo", serviceAccount: "a" },
          { namespace: "jobs", serviceAccount: "b" },
        ],
      },
    ];
    assert.deepEqual(
      [...calleesByCaller(services, "demo")],
      [
        ["a", ["b", "c"]],
        ["b", []],
        ["c", []],
      ],
    );
  });
});

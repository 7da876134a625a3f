import assert from "node:assert/strict";
import { parse } from "yaml";
import { brokenEdges, callerName, compareEdges, edgesOf, edgesText, proposedItems, servicesYaml } from "./compareEdges";
import { identityOf } from "../shared/accessLine";
import { edgesOfSamples } from "./usedEdges";

const account = (serviceAccount: string, namespace = "demo") => ({ namespace, serviceAccount });
const gateway = account("gateway", "istio-ingress");
const services = [
  { name: "user", callers: [gateway] },
  { name: "payment", callers: [account("user"), account("batch", "jobs")] },
];
const edge = (service: string, caller: ReturnType<typeof account> | undefined, answered: number, refused = 0) => ({
  service,
  caller,
  answered,
  refused,
});
const seen = [
  edge("user", gateway, 9),
  edge("payment", account("user"), 20),
  edge("payment", account("audit"), 5, 1),
  edge("user", account("audit"), 0, 3),
  edge("payment", undefined, 2),
];

describe("edges", () => {
  it("are read from samples by principal, service and code", () => {
    const sample = (principal: string, code: string, value: string) => ({
      metric: { source_principal: principal, destination_service_name: "payment", response_code: code },
      value: [0, value] as [number, string],
    });
    const principal = "spiffe://cluster.local/ns/demo/sa/user";
    assert.deepEqual(
      edgesOfSamples([sample(principal, "200", "4.2"), sample(principal, "503", "1"), sample(principal, "403", "2")]),
      [edge("payment", account("user"), 5, 2)],
    );
    assert.deepEqual(edgesOfSamples([sample("unknown", "200", "1")]), [edge("payment", undefined, 1)]);
    assert.deepEqual(edgesOfSamples([sample(principal, "200", "0")]), [], "no request, no edge");
    assert.equal(identityOf("spiffe://cluster.local/ns/demo"), undefined);
  });

  it("are compared with what is declared", () => {
    assert.deepEqual(compareEdges({ services }, seen, "demo"), {
      used: [
        { caller: "user", service: "payment", requests: 20 },
        { caller: "istio-ingress/gateway", service: "user", requests: 9 },
      ],
      unused: [{ caller: "jobs/batch", service: "payment", requests: 0 }],
      undeclared: [
        { caller: "demo/audit", service: "payment", requests: 6 },
        { caller: "plain text", service: "payment", requests: 2 },
      ],
      refused: [{ caller: "demo/audit", service: "user", requests: 3 }],
    });
  });

  it("are those of services that are there: Prometheus remembers others", () => {
    const gone = edge("failing", gateway, 7);
    const unknown = edge("unknown", gateway, 1);
    assert.deepEqual(edgesOf(["user", "payment"], [...seen, gone, unknown]), [...seen, unknown]);
    assert.deepEqual(edgesOf(["failing"], [gone]), [gone], "one that runs, and that the configuration removes");
  });

  it("become a configuration that has what is used, and not what was refused each time", () => {
    const items = [
      { name: "user", path: "/user" },
      { name: "payment", allowFrom: ["user", "jobs/batch"], text: "hi" },
    ];
    const proposed = proposedItems(items, compareEdges({ services }, seen, "demo"), "demo");
    assert.deepEqual(proposed, [items[0], { name: "payment", text: "hi", allowFrom: ["user", "demo/audit"] }]);
    assert.deepEqual(parse(servicesYaml("p:services", proposed)), { config: { "p:services": proposed } });
    const fitting = compareEdges(
      { services },
      [...seen.slice(0, 2), edge("payment", account("batch", "jobs"), 1)],
      "demo",
    );
    assert.equal(proposedItems(items, fitting, "demo"), undefined);
  });

  it("are of one service each: a caller of one is none of another", () => {
    const other = compareEdges({ services }, [edge("user", account("user"), 1)], "demo");
    assert.deepEqual(other.undeclared, [{ caller: "user", service: "user", requests: 1 }]);
    const items = [{ name: "user", allowFrom: ["jobs/batch"] }];
    const { undeclared: _, ...rest } = other;
    assert.equal(
      proposedItems(items, { ...rest, undeclared: [] }, "demo"),
      undefined,
      "payment alone never hears of it",
    );
  });

  it("are not proposed where config has them already, whichever way it writes them", () => {
    const used = [edge("payment", account("audit"), 1)];
    const { undeclared } = compareEdges({ services }, used, "demo");
    const none = { used: [], unused: [], refused: [], undeclared };
    for (const allowFrom of [["audit"], ["demo/audit"]]) {
      assert.equal(proposedItems([{ name: "payment", allowFrom }], none, "demo"), undefined);
    }
    const elsewhere = compareEdges({ services }, [edge("payment", account("audit", "demo2"), 1)], "demo");
    const other = [{ name: "payment", allowFrom: ["audit"] }];
    assert.deepEqual(proposedItems(other, { ...none, undeclared: elsewhere.undeclared }, "demo"), [
      { name: "payment", allowFrom: ["audit", "demo2/audit"] },
    ]);
  });

  it("are used for the one service that was asked, and let in by that one alone", () => {
    const both = ["a", "b"].map((name) => ({ name, callers: [account("user")] }));
    const { unused } = compareEdges({ services: both }, [edge("a", account("user"), 1)], "demo");
    assert.deepEqual(
      unused.map(({ service }) => service),
      ["b"],
    );
    assert.equal(callerName(account("user", "jobs"), services, "demo"), "jobs/user", "no service of the mesh");
    const namespaces = { mesh: "demo" } as Parameters<typeof brokenEdges>[1]["namespaces"];
    const rules = (services: typeof both) => ({ defaultDeny: true, services, namespaces });
    const next = rules([{ ...both[0]!, callers: [] }, both[1]!]);
    assert.equal(brokenEdges(rules(both), next, [edge("a", account("user"), 1)]).length, 1);
    // A caller that the change keeps is no service that goes.
    const caller = { name: "user", callers: [] };
    const kept = rules([...next.services, caller]);
    assert.equal(brokenEdges(rules([...both, caller]), kept, [edge("a", account("user"), 1)]).length, 1);
  });

  it("lose an allowFrom that nothing uses, whichever way it is written", () => {
    const unused = compareEdges({ services }, [], "demo");
    for (const allowFrom of [["user"], ["demo/user"]]) {
      assert.deepEqual(proposedItems([{ name: "payment", allowFrom }], unused, "demo"), [{ name: "payment" }]);
    }
  });

  it("are shown, those first that break", () => {
    const compared = compareEdges({ services }, seen, "demo");
    const [, first, ...rest] = edgesText(compared, true);
    assert.match(first!, /^demo\/audit +payment +6 +not declared: refused from the next npm start on$/);
    assert.match(rest.join("\n"), /jobs\/batch +payment +0 +declared, never used/);
    assert.match(edgesText(compared, false)[1]!, /not declared$/);
  });

  it("break where a change refuses a caller that was answered, or removes its service", () => {
    const now = { defaultDeny: true, services };
    const namespaces = { mesh: "demo" } as Parameters<typeof brokenEdges>[1]["namespaces"];
    const next = (more: object) => ({ ...now, namespaces, ...more });
    assert.deepEqual(brokenEdges(now, next({}), seen), [], "what is refused already, or declared, does not break");
    const without = [services[0]!, { name: "payment", callers: [] }];
    assert.deepEqual(brokenEdges(now, next({ services: without }), seen), [
      { caller: "user", service: "payment", requests: 20 },
    ]);
    assert.deepEqual(
      brokenEdges(now, next({ services: [services[1]!] }), seen).map(({ service }) => service),
      ["user"],
    );
    assert.deepEqual(
      brokenEdges({ ...now, defaultDeny: false }, next({}), seen).map(({ caller }) => caller),
      ["demo/audit", "plain text"],
      "default deny, switched on",
    );
    assert.deepEqual(brokenEdges(now, next({ defaultDeny: false, services: without }), seen), []);
    assert.deepEqual(
      brokenEdges(undefined, next({ services: without }), seen).map(({ caller, requests }) => [caller, requests]),
      [
        ["user", 20],
        ["demo/audit", 5],
        ["plain text", 2],
      ],
      "what is in force is not known, so that what was answered counts",
    );
    assert.deepEqual(
      brokenEdges(now, next({ services: [] }), seen).map(({ caller, service }) => [caller, service]),
      [["istio-ingress/gateway", "user"]],
      "a caller that goes as well calls no more",
    );
  });
});

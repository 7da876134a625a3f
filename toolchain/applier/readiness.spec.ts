import assert from "node:assert/strict";
import { waitingFor } from "./readiness";

const deployment = (status: Record<string, unknown>, replicas?: number) => ({
  kind: "Deployment",
  metadata: { generation: 2 },
  spec: { replicas },
  status,
});
const ready = { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };

describe("waitingFor", () => {
  it("lets a Deployment pass when all pods are new and available, and no old one is left", () => {
    assert.equal(waitingFor(deployment(ready, 2)), undefined);
    assert.match(waitingFor(deployment({ ...ready, observedGeneration: 1 }, 2))!, /controller/);
    assert.match(waitingFor(deployment({ ...ready, updatedReplicas: 1 }, 2))!, /new version \(1 of 2\)/);
    assert.match(waitingFor(deployment({ ...ready, availableReplicas: 1 }, 2))!, /available \(1 of 2\)/);
    assert.match(waitingFor(deployment({ ...ready, replicas: 3 }, 2))!, /1 pods of the old version/);
  });

  it("counts on one pod where no number is declared, and on none where that is declared", () => {
    assert.match(waitingFor(deployment({ observedGeneration: 2 }))!, /0 of 1/);
    assert.equal(waitingFor(deployment({ observedGeneration: 2 }, 0)), undefined);
  });

  it("waits for a namespace, a resource definition and a job", () => {
    assert.equal(waitingFor({ kind: "Namespace", status: { phase: "Active" } }), undefined);
    assert.ok(waitingFor({ kind: "Namespace", status: { phase: "Terminating" } }));
    const established = { conditions: [{ type: "Established", status: "True" }] };
    assert.equal(waitingFor({ kind: "CustomResourceDefinition", status: established }), undefined);
    assert.ok(waitingFor({ kind: "CustomResourceDefinition", status: {} }));
    assert.ok(waitingFor({ kind: "Job", status: { conditions: [{ type: "Complete", status: "False" }] } }));
  });

  it("waits for the address of a load balancer", () => {
    const balancer = (ingress?: unknown[]) => ({
      kind: "Service",
      spec: { type: "LoadBalancer" },
      status: { loadBalancer: { ingress } },
    });
    assert.ok(waitingFor(balancer()));
    assert.equal(waitingFor(balancer([{ ip: "192.0.2.1" }])), undefined);
  });

  it("does not wait for what is done once it exists", () => {
    assert.equal(waitingFor({ kind: "ConfigMap" }), undefined);
    assert.equal(waitingFor({ kind: "Service" }), undefined);
  });
});

import assert from "node:assert/strict";
import type { KubeClient } from "../../cluster/kubeClient";
import type { DeclaredMesh, DeclaredService } from "../../stacks/declared";
import { declaredService } from "../../test/support/declaredService";
import { adviceText, changesAccess, edgeAdvice } from "./edgeAdvice";

const mesh = (services: DeclaredService[], more: Partial<DeclaredMesh> = {}) =>
  ({
    namespaces: { mesh: "demo", observability: "observability" },
    metrics: { kind: "prometheus", scrapeSeconds: 5 },
    defaultDeny: true,
    services,
    ...more,
  }) as DeclaredMesh;
const caller = { namespace: "demo", serviceAccount: "caller" };
const now = mesh([declaredService("shop", { callers: [caller] })]);
const next = mesh([declaredService("shop")]);

/** A cluster that is asked for nothing, or can't be. */
const unreachable = {
  get kubeConfig() {
    throw new Error("no way to the cluster");
  },
} as unknown as KubeClient;

describe("advice on edges", () => {
  it("asks nothing where a change leaves alone who may call what", async () => {
    const texts = mesh([declaredService("shop", { callers: [caller], timeout: "3s" })]);
    assert.equal(changesAccess(now, texts), false);
    assert.equal(changesAccess(now, next), true);
    assert.equal(changesAccess(now, mesh(now.services, { defaultDeny: false })), true);
    assert.equal(changesAccess(undefined, now), true, "what is in force is not known");
    assert.deepEqual(await edgeAdvice({ now, next: texts }, unreachable), []);
    assert.deepEqual(await edgeAdvice({ now }, unreachable), []);
    const elsewhere = mesh(now.services, { metrics: { kind: "existing", scrapeSeconds: 5 } });
    assert.deepEqual(await edgeAdvice({ now: elsewhere, next }, unreachable), []);
  });

  it("says what to do: a caller is named, a service is kept", () => {
    const edge = { caller: "user", service: "shop", requests: 7 };
    const called = "user called shop 7 times in the last hour, and this change";
    const refused = `${called} refuses it: name it in allowFrom of shop, or stop it first`;
    assert.equal(adviceText(edge, [{ name: "shop" }]), refused);
    assert.equal(adviceText(edge, []), `${called} removes shop: keep it, or stop the caller first`);
  });

  it("says that it does not know, where Prometheus can't be asked, and never fails", async () => {
    const [line, ...more] = await edgeAdvice({ now, next }, unreachable);
    assert.match(line ?? "", /is refused by this change, is not known: .*no way to the cluster/);
    assert.deepEqual(more, []);
  });
});

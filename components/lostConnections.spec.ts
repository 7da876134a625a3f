import assert from "node:assert/strict";
import { declare, errorOf } from "../test/support/declare";
import { LostConnections } from "./lostConnections";

const services = ["user-service", "shop"].map((service) => ({ namespace: "demo", service }));
const args = { systemNamespace: "istio-system", services };

describe("LostConnections", () => {
  it("sets TCP_USER_TIMEOUT on connections to each service of the mesh, of sidecars and gateways alike", async () => {
    const { one } = await declare(() => new LostConnections("lost", args));
    const { metadata, spec } = one("EnvoyFilter", "lost-connections").inputs;
    assert.equal(metadata.namespace, "istio-system");
    // Without a selector it is for every proxy.
    assert.equal(spec.workloadSelector, undefined);
    assert.deepEqual(
      spec.configPatches.map(({ match }: { match: { context: string; cluster: { service: string } } }) => [
        match.context,
        match.cluster.service,
      ]),
      ["user-service", "shop"].flatMap((name) => [
        ["SIDECAR_OUTBOUND", `${name}.demo.svc.cluster.local`],
        ["GATEWAY", `${name}.demo.svc.cluster.local`],
      ]),
    );
    const [option] = spec.configPatches[0].patch.value.upstream_bind_config.socket_options;
    // Of Linux: IPPROTO_TCP is 6, TCP_USER_TIMEOUT is 18, and it counts milliseconds.
    assert.deepEqual([option.level, option.name, option.int_value], [6, 18, 1000]);
  });

  it("refuses what it can do nothing with", async () => {
    assert.match(await errorOf(() => new LostConnections("lost", { ...args, services: [] })), /name at least one/);
    assert.match(
      await errorOf(() => new LostConnections("lost", { ...args, services: [{ namespace: "No", service: "shop" }] })),
      /services\[0\]\.namespace/,
    );
  });
});

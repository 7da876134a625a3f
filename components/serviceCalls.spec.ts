import assert from "node:assert/strict";
import { declare } from "../test/support/declare";
import { EchoService } from "./echoService";
import { callCompanion } from "./serviceCalls";

describe("calls of a service", () => {
  it("are made by a container beside the application's, at ports that the Service has", async () => {
    const calls = [
      { port: 8091, url: "http://payment.demo:8080" },
      { port: 8092, url: "http://stock.demo:9000" },
    ];
    const { one } = await declare(
      () =>
        new EchoService("user", {
          namespace: "demo",
          serviceName: "user",
          image: "echo:1",
          port: 8080,
          callPorts: calls.map(({ port }) => port),
          extras: callCompanion(calls, { image: "fortio:1" }),
        }),
    );
    const [, caller] = one("Deployment").inputs.spec.template.spec.containers;
    assert.deepEqual(caller.args, [
      ...["proxies", "-quiet", "-M", "8091 http://payment.demo:8080", "-M", "8092 http://stock.demo:9000"],
    ]);
    assert.equal(caller.image, "fortio:1");
    const ports = one("Service").inputs.spec.ports as Record<string, unknown>[];
    assert.deepEqual(
      ports.map(({ name, port, targetPort, appProtocol }) => [name, port, targetPort, appProtocol]),
      [
        ["http", 8080, "http", "http"],
        ["http-8091", 8091, "http-8091", "http"],
        ["http-8092", 8092, "http-8092", "http"],
      ],
    );
    assert.deepEqual(
      caller.ports.map(({ name }: { name: string }) => name),
      ["http-8091", "http-8092"],
    );
  });

  it("need nothing where there are none", () => {
    assert.equal(callCompanion([], { image: "fortio:1" }), undefined);
  });
});

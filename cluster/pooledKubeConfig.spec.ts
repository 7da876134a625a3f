import assert from "node:assert/strict";
import { HttpMethod, RequestContext } from "@kubernetes/client-node";
import { PooledKubeConfig } from "./pooledKubeConfig";

const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("PooledKubeConfig", () => {
  it("gives requests one agent, until the credentials are other ones", async () => {
    const config = new PooledKubeConfig();
    const load = (cert: string) =>
      config.loadFromClusterAndUser(
        { name: "c", server: "https://127.0.0.1:6443", caData: base64("ca"), skipTLSVerify: false },
        { name: "u", certData: base64(cert), keyData: base64("key") },
      );
    const agent = async () => {
      const context = new RequestContext("https://127.0.0.1:6443", HttpMethod.GET);
      await config.applySecurityAuthentication(context);
      return context.getAgent();
    };
    load("first");
    const first = await agent();
    assert.equal(await agent(), first);
    assert.equal((first as { keepAlive?: boolean }).keepAlive, true);
    load("second");
    assert.notEqual(await agent(), first);
  });
});

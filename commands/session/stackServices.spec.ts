import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectFolder, stackFile } from "./stackFiles";
import { readConfiguredStack } from "./stackServices";

describe("the services of a stack's file", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "services-"));
    copyFileSync(join(projectFolder, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
  });
  after(() => rmSync(folder, { recursive: true }));

  const read = (lines: string, settings: Record<string, string> = {}) => {
    writeFileSync(stackFile("own", folder), `config:\n  sidecar-mesh:profile: dev\n${lines}`);
    return readConfiguredStack({ stack: "own", settings }, folder);
  };

  it("are given as written and as read, those of a flag before those of the file, and the default ones without either", () => {
    const { config, items } = read("  sidecar-mesh:services: [{ name: shop, path: /shop }]\n");
    assert.deepEqual(items, [{ name: "shop", path: "/shop" }]);
    assert.equal(config.services[0]?.port, 8080);
    const shown = (services: string, settings: Record<string, string> = {}) =>
      read(services, settings).items.map(({ name }) => name);
    assert.deepEqual(shown("", { services: '[{"name":"flag"}]' }), ["flag"]);
    assert.deepEqual(shown(`  sidecar-mesh:services: '[{"name":"text"}]'\n`), ["text"]);
    assert.deepEqual(shown(""), ["user-service", "payment-service"]);
  });

  it("are refused where they are a secret; another secret does not matter", () => {
    assert.throws(
      () => read("  sidecar-mesh:services: { secure: v1:abc }\n"),
      /Pulumi\.own\.yaml[^]*sidecar-mesh:services[^]*only the Pulumi CLI can read a secret/,
    );
    assert.equal(read("  sidecar-mesh:rateLimitRedisAuth: { secure: v1:abc }\n").items.length, 2);
  });
});

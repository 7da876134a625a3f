import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { servePrometheusPage } from "./prometheusPage";

describe("servePrometheusPage", () => {
  it("serves the page, filled in, for each of its views, and passes questions on", async () => {
    const folder = mkdtempSync(join(tmpdir(), "prometheus-page-"));
    writeFileSync(join(folder, "index.html"), "<title>TITLE_PLACEHOLDER</title>");
    writeFileSync(join(folder, "a.js"), "let a;");
    const api = createServer((request, response) => void response.end(`${request.method} ${request.url}`));
    await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
    const page = await servePrometheusPage(folder, `http://127.0.0.1:${(api.address() as AddressInfo).port}`);
    const get = async (path: string) => (await fetch(page.url + path)).text();
    try {
      assert.equal(await get("/query?g0.expr=up"), "<title>Prometheus</title>");
      assert.equal(await get("/a.js"), "let a;");
      assert.equal(await get("/api/v1/query?query=up"), "GET /api/v1/query?query=up");
      assert.equal((await fetch(`${page.url}/../../etc/none.js`)).status, 502);
    } finally {
      page.close();
      api.close();
      rmSync(folder, { recursive: true });
    }
  });
});

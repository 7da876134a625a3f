import assert from "node:assert/strict";
import { certificateHosts, httpsPort } from "./certificateHosts";

describe("certificateHosts", () => {
  it("takes named hosts and the gateway's address, each once, and never *", () => {
    assert.deepEqual(certificateHosts(["*"], "https://10.199.0.1:30443"), ["10.199.0.1", "localhost", "127.0.0.1"]);
    assert.deepEqual(certificateHosts(["a.example", "*.b.example"], "https://a.example"), [
      "a.example",
      "*.b.example",
      "localhost",
      "127.0.0.1",
    ]);
    assert.deepEqual(certificateHosts(["*"], undefined), ["localhost", "127.0.0.1"]);
  });
});

describe("httpsPort", () => {
  it("is what the URL says, and 443 where it says nothing", () => {
    assert.deepEqual(["https://h:30443", "https://h", undefined].map(httpsPort), [30443, 443, 443]);
  });
});

import assert from "node:assert/strict";
import { runtime } from "@pulumi/pulumi";
import { withoutSecretMarks } from "./mocks";

describe("withoutSecretMarks", () => {
  it("unwraps secrets at any depth, and leaves the rest alone", () => {
    const secret = (value: unknown) => ({ [runtime.specialSigKey]: runtime.specialSecretSig, value });
    assert.deepEqual(
      withoutSecretMarks({
        kind: "Secret",
        stringData: secret({ "tls.key": secret("k"), "tls.crt": "c" }),
        list: [secret(1), null, { a: secret(false) }],
      }),
      { kind: "Secret", stringData: { "tls.key": "k", "tls.crt": "c" }, list: [1, null, { a: false }] },
    );
  });
});

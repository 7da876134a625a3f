import assert from "node:assert/strict";
import { librariesIn } from "./sharedLibraries";

describe("librariesIn", () => {
  it("takes libraries and the loader, not the kernel's own", () => {
    const ldd = [
      "\tlinux-vdso.so.1 (0x00007ffc)",
      "\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f1)",
      "\t/lib64/ld-linux-x86-64.so.2 (0x00007f2)",
    ].join("\n");
    assert.deepEqual(librariesIn(ldd), ["/lib/x86_64-linux-gnu/libm.so.6", "/lib64/ld-linux-x86-64.so.2"]);
  });
});

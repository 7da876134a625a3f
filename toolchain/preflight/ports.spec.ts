import assert from "node:assert/strict";
import { conflict, listenersIn } from "./ports";

const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:094B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 4243 1 0 100 0 0 10 0
`;
const tcp6 = `  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:192B 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 77 1
   1: 0000000000000000FFFF00000100007F:1F91 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 78 1
`;

describe("ports", () => {
  it("finds who listens, not who is connected", () => {
    assert.deepEqual(listenersIn(tcp), [{ address: "127.0.0.1", port: 2379, inode: "4242" }]);
  });
  it("counts listeners on all addresses, IPv6's too", () => {
    const listeners = [...listenersIn(tcp), ...listenersIn(tcp6)];
    assert.equal(conflict(listeners, "10.199.0.1", 6443)?.inode, "77");
    assert.equal(conflict(listeners, "127.0.0.1", 8081)?.inode, "78");
    assert.equal(conflict(listeners, "10.199.0.1", 2379), undefined);
    assert.equal(conflict(listeners, "127.0.0.1", 2379)?.inode, "4242");
  });
});

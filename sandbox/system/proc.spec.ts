import assert from "node:assert/strict";
import { identify, isAlive, isZombie, startTimeIn, worksBelow } from "./proc";

const stat = (state: string): string =>
  `42 (a) b) ${state} ${Array.from({ length: 18 }, (_, i) => i).join(" ")} 777 9 9`;

describe("proc", () => {
  it("reads the start time behind a hostile name", () => assert.equal(startTimeIn(stat("S")), "777"));
  it("knows an ended process", () => {
    assert.ok(isZombie(stat("Z")));
    assert.ok(!isZombie(stat("S")));
  });
  it("tells a process from a later one with its number", () => {
    const self = identify(process.pid);
    assert.ok(self && isAlive(self));
    assert.ok(!isAlive({ ...self, startTime: "1" }));
    assert.ok(!isAlive({ ...self, bootId: "another" }));
  });
  it("matches program and folder, not a folder that only starts the same", () => {
    assert.ok(worksBelow(["/usr/bin/etcd", "--data-dir=/s/data"], ["etcd"], "/s"));
    assert.ok(!worksBelow(["/usr/bin/etcd", "--data-dir=/s2/data"], ["etcd"], "/s"));
    assert.ok(!worksBelow(["/usr/bin/vi", "/s/data"], ["etcd"], "/s"));
  });
});

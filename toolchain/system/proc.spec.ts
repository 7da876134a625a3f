import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  endAll,
  identify,
  isAlive,
  isZombie,
  parentOf,
  processesWith,
  programOf,
  startTimeIn,
  worksBelow,
} from "./proc";

const stat = (state: string): string =>
  `42 (a) b) ${state} ${Array.from({ length: 18 }, (_, i) => i).join(" ")} 777 9 9`;

describe("proc", () => {
  it("reads the start time behind a hostile name", () => assert.equal(startTimeIn(stat("S")), "777"));
  it("knows an ended process", () => {
    assert.ok(isZombie(stat("Z")));
    assert.ok(!isZombie(stat("S")));
  });
  it("distinguishes a process from a later one with the same pid", () => {
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
  it("knows who started a process", () => assert.equal(parentOf(process.pid), process.ppid));
  it("knows what a process runs, and that an ended one runs nothing", () => {
    assert.match(programOf(process.pid) ?? "", /^node/);
    assert.equal(programOf(2 ** 22 + 1), undefined);
  });
  it("finds processes by a variable of their environment, and what they started", async () => {
    const value = `${process.pid}-${Date.now()}`;
    const child = spawn("sh", ["-c", "sleep 20 & echo ready; wait"], { env: { ...process.env, MESH_TEST: value } });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const found = processesWith("MESH_TEST", value) ?? [];
    assert.ok(found.some(({ pid }) => pid === child.pid) && found.length <= 2);
    await endAll(found, 1000);
    assert.deepEqual(processesWith("MESH_TEST", value), []);
    assert.deepEqual(processesWith("MESH_TEST", `${value}0`), []);
  });
});

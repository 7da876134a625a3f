import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { silent, type Terminal } from "../system/statusLine";
import { Builds, buildCosts } from "./builds";
import { binaryGroups, type GroupName } from "./groups";

describe("Builds", () => {
  /** Asks for groups in some order. @returns the order in which they were built. */
  async function orderOf(builds: Builds, asked: readonly GroupName[]): Promise<string[]> {
    const order: string[] = [];
    let atWork = 0;
    await Promise.all(
      asked.map((name) =>
        builds.build(name, silent, async () => {
          order.push(name);
          atWork++;
          assert.equal(atWork, 1, "one at a time");
          await sleep(1);
          atWork--;
        }),
      ),
    );
    return order;
  }

  it("builds first what traffic needs, whatever is asked for first", async () => {
    const builds = new Builds();
    builds.expect(["core", "etcd"]);
    assert.deepEqual(await orderOf(builds, ["loki", "pulumi", "etcd", "core"]), ["core", "etcd", "pulumi", "loki"]);
  });

  it("compiles one that works in sequence beside one other, and not before what comes first", async () => {
    const builds = new Builds();
    const names = ["core", "pulumi", "pulumi-kubernetes", "prometheus", "loki"] as const;
    builds.expect(names);
    const atWork = new Set<GroupName>();
    const states: string[] = [];
    const state = () => states.push([...atWork].join("+"));
    let prometheusBegins!: () => void;
    const prometheusBegan = new Promise<void>((resolve) => (prometheusBegins = resolve));
    const build = (name: GroupName) =>
      builds.build(name, silent, async () => {
        atWork.add(name);
        state();
        if (name === "prometheus") {
          prometheusBegins();
        }
        await (name === "pulumi-kubernetes" ? prometheusBegan.then(() => sleep(1)) : sleep(3));
        atWork.delete(name);
      });
    await Promise.all([...names].reverse().map(build));
    assert.deepEqual(states, ["core", "pulumi", "pulumi+pulumi-kubernetes", "pulumi-kubernetes+prometheus", "loki"]);
  });

  it("waits for one that will come, and not for one that was built elsewhere", async () => {
    const builds = new Builds();
    builds.expect(["core"]);
    let built = false;
    const pulumi = builds.build("pulumi", silent, () => {
      built = true;
      return Promise.resolve();
    });
    await sleep(5);
    assert.equal(built, false);
    builds.drop("core");
    await pulumi;
  });

  it("gives up what waits when one fails, and builds what is asked for later", async () => {
    const builds = new Builds();
    builds.expect(["core", "etcd"]);
    const failed = builds.build("core", silent, () => Promise.reject(new Error("no")));
    await assert.rejects(
      builds.build("etcd", silent, () => assert.fail("core is not there")),
      /no/,
    );
    await assert.rejects(failed, /no/);
    assert.equal(await builds.build("pulumi", silent, () => Promise.resolve("there")), "there");
  });

  it("downloads in the order of the groups, one after the other, whether or not one fails", async () => {
    const builds = new Builds();
    const order: string[] = [];
    const download = (name: string) => async () => {
      await sleep(2);
      order.push(name);
      throw new Error("no network");
    };
    builds.downloadAhead("core", download("core"));
    builds.downloadAhead("core", download("core again"));
    builds.downloadAhead("etcd", download("etcd"));
    await builds.downloaded("etcd");
    assert.deepEqual(order, ["core", "etcd"]);
  });

  it("reckons with the time in which something was at work", async () => {
    let now = 0;
    const builds = new Builds(() => now);
    builds.expect(["etcd"]);
    await builds.step("node image", 60, () => Promise.resolve((now += 120_000)));
    now += 3_600_000;
    const { seconds } = buildCosts.etcd;
    assert.equal(builds.estimate().percent, Math.floor((100 * 60) / (60 + seconds)));
    const pace = (120 + 45) / (60 + 45);
    assert.equal(builds.forecast(["etcd"]), seconds * pace);
    assert.equal(builds.estimate().secondsLeft, seconds * pace);
  });

  it("writes one line on a terminal again and again, and takes it away in the end", async () => {
    const written: string[] = [];
    const terminal = { isTTY: true, columns: 40, write: (text: string) => written.push(text) > 0 };
    const builds = new Builds(() => 0, { terminal: 2, plain: 2 });
    const log = builds.showProgress((line) => written.push(`${line}\n`), {
      terminal: terminal as unknown as Terminal & { isTTY: boolean },
    });
    await builds.build("core", silent, async (take) => {
      take("internal/goos");
      await sleep(20);
      log("something else");
    });
    assert.ok(written.includes("something else\n"));
    const lines = written.filter((text) => text.includes("built:"));
    assert.ok(lines.length > 1 && lines.every((text) => text.length < 40 && !text.includes("\n")), lines.join("|"));
    assert.match(written.at(-1)!, /\[.*K$/);
  });

  it("writes lines of their own without a terminal, and if it is to be quiet", async () => {
    for (const quiet of [true, false]) {
      const lines: string[] = [];
      const builds = new Builds(() => 0, { terminal: 1, plain: 2 });
      const terminal = { isTTY: quiet, write: () => assert.fail("nothing is written again") };
      builds.showProgress((line) => lines.push(line), { quiet, terminal: terminal as unknown as Terminal });
      await builds.build("core", silent, () => sleep(20));
      assert.match(lines[0]!, /^ 0 % built: core; about \d+ min left$/);
    }
  });
});

describe("buildCosts", () => {
  it("have an entry for each group", () =>
    assert.deepEqual(Object.keys(buildCosts).sort(), Object.keys(binaryGroups).sort()));
});

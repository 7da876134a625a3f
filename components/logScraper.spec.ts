import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scraperConfig } from "./collectorConfig";
import { declare } from "../test/support/declare";
import { applicationFolderMiB } from "./applicationLog";
import {
  applicationRotation,
  applicationRotationScript,
  LogScraper,
  portOf,
  rotationScript,
  sharedFolderBytes,
} from "./logScraper";

describe("rotationScript", () => {
  it("rotates a full file, keeps the given number of files, and ends on SIGTERM", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rotation-"));
    const log = join(folder, "access.log");
    const shell = spawn("sh", ["-c", rotationScript(log, { fileBytes: 10, kept: 2, everySeconds: 1 } as never)]);
    const gone = async () => {
      for (let i = 0; existsSync(log) && i < 50; i++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.ok(!existsSync(log));
    };
    try {
      for (const text of ["the first lines", "the second lines", "the third lines"]) {
        writeFileSync(log, text);
        await gone();
      }
      assert.deepEqual(
        [1, 2, 3].map((i) => existsSync(`${log}.${i}`)),
        [true, true, false],
      );
    } finally {
      const ended = new Promise((resolve) => shell.on("close", resolve));
      shell.kill("SIGTERM");
      assert.equal(await ended, 0);
      rmSync(folder, { recursive: true });
    }
  });

  it("leaves room in the shared folder for more than all of its files", () => {
    assert.equal(sharedFolderBytes, 48 * 1024 * 1024);
  });
});

describe("applicationRotationScript", () => {
  let folder: string;
  let shell: ChildProcess;
  const at = (name: string) => join(folder, name);
  const copies = () => readdirSync(folder).filter((name) => name.endsWith(".old"));
  const start = (limits: Parameters<typeof applicationRotationScript>[1], env: NodeJS.ProcessEnv = {}) => {
    const script = applicationRotationScript(folder, limits);
    shell = spawn("sh", ["-c", script], { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, ...env } });
  };
  const until = async (what: string, isSo: () => boolean) => {
    for (let i = 0; !isSo() && i < 120; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.ok(isSo(), `${what}: ${readdirSync(folder).join(", ")}`);
  };

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "application-"))));
  afterEach(async () => {
    const ended = new Promise((resolve) => shell.on("close", resolve));
    shell.kill("SIGTERM");
    assert.equal(await ended, 0);
    rmSync(folder, { recursive: true });
  });

  it("puts a full file aside and empties it, while the application goes on writing, and leaves others alone", async () => {
    const written = "x".repeat(2000);
    writeFileSync(at("small.log"), "small");
    const open = openSync(at("shop.log"), "a");
    try {
      writeSync(open, written);
      start({ fileBytes: 1000, keptBytes: 10_000, everySeconds: 1 });
      await until("it is emptied", () => statSync(at("shop.log")).size === 0);
      writeSync(open, "later");
      assert.equal(readFileSync(at(copies()[0]!), "utf8"), written);
      assert.equal(readFileSync(at("shop.log"), "utf8"), "later");
      assert.match(readdirSync(folder).sort().join(" "), /^shop\.log shop\.log\.\d+-1\.old small\.log$/);
    } finally {
      closeSync(open);
    }
  });

  it("loses no line to the time that commands take to begin and to end", async function () {
    this.timeout(20_000);
    const bin = mkdtempSync(join(tmpdir(), "late-"));
    const open = openSync(at("shop.log"), "a");
    let written = 0;
    try {
      // Each command ends a while after it has done its work, as on a busy machine.
      for (const name of ["cat", "cp", "tail", "awk", "stat"]) {
        const script = `#!/bin/sh\nPATH="\${PATH#*:}"\n${name} "$@"\ncode=$?\nsleep 0.1\nexit $code\n`;
        writeFileSync(join(bin, name), script, { mode: 0o755 });
      }
      start({ fileBytes: 1000, keptBytes: 1_000_000, everySeconds: 0.1 }, { PATH: `${bin}:${process.env.PATH}` });
      for (const end = Date.now() + 15_000; copies().length < 4 && Date.now() < end;) {
        writeSync(open, `${written++} ${"x".repeat(40)}\n`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      // The last copy is not complete before its file is empty.
      await until("it is emptied", () => statSync(at("shop.log")).size === 0);
      await new Promise((resolve) => setTimeout(resolve, 300));
      const texts = [...copies(), "shop.log"].map((name) => readFileSync(at(name), "utf8"));
      const lines = texts.flatMap((text) => text.split("\n").filter((line) => line !== ""));
      const found = lines.map((line) => parseInt(line)).sort((one, other) => one - other);
      assert.ok(copies().length >= 3, `${copies().length} copies`);
      assert.deepEqual(
        found,
        Array.from({ length: written }, (_, i) => i),
      );
    } finally {
      closeSync(open);
      rmSync(bin, { recursive: true });
    }
  });

  it("keeps what was put aside until there is no room for it, and then takes the oldest", async () => {
    start({ fileBytes: 1000, keptBytes: 5000, everySeconds: 1 });
    for (const [i, letter] of ["a", "b", "c"].entries()) {
      writeFileSync(at("shop.log"), letter.repeat(2000), { flag: "a" });
      await until(`${letter} is put aside`, () => statSync(at("shop.log")).size === 0);
      await until("no more than two are kept", () => copies().length === Math.min(i + 1, 2));
    }
    assert.deepEqual(
      copies()
        .map((name) => readFileSync(at(name), "utf8")[0])
        .sort(),
      ["b", "c"],
    );
  });

  it("never fills the folder, though an application keeps more of its own files than there is room for", async () => {
    ["1", "2", "3"].forEach((name, i) => {
      writeFileSync(at(`shop-${name}.log`), name.repeat(900));
      utimesSync(at(`shop-${name}.log`), i + 1, i + 1);
    });
    start({ fileBytes: 1000, keptBytes: 2000, everySeconds: 1 });
    await until("the oldest is emptied", () => statSync(at("shop-1.log")).size === 0);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.deepEqual(
      ["2", "3"].map((name) => statSync(at(`shop-${name}.log`)).size),
      [900, 900],
    );
  });
});

describe("the log scraper of a service that writes files", () => {
  it("has a volume with room for what is kept, a copy, and what comes between two looks", () => {
    assert.equal(applicationFolderMiB * 1024 * 1024, applicationRotation.keptBytes + 2 * applicationRotation.fileBytes);
  });

  it("shares the application's folder, reads it by a pipeline of its own, and rotates it as the application's user", async () => {
    const { result } = await declare(() => {
      const scraper = new LogScraper("s", {
        namespace: "demo",
        image: "otelcol:1",
        shellImage: "busybox:1",
        backend: { kind: "otlp", url: "http://loki:3100/otlp" },
        resources: {},
      });
      return scraper.extras({ serviceName: "shop", user: 101, logFiles: { folder: "/var/log/shop", files: "*.json" } });
    });
    const [scraper, , rotator] = result.containers as any[];
    assert.deepEqual(scraper.args, ["--config=/etc/log-scraper/with-files.json"]);
    assert.deepEqual(scraper.env.at(-1), { name: "LOG_FILES", value: "*.json" });
    const mount = (container: any) => container.volumeMounts.find((one: any) => one.name === "application-log");
    assert.equal(mount(scraper).readOnly, true);
    assert.equal(mount(rotator).mountPath, "/var/log/application");
    assert.equal(rotator.securityContext.runAsUser, 101);
    const config = JSON.parse(scraperConfig({ kind: "otlp", url: "http://loki:3100/otlp" }, true));
    assert.deepEqual(config.service.pipelines["logs/application"], {
      receivers: ["file_log/application"],
      processors: ["memory_limiter", "resource/application"],
      exporters: ["otlp_http"],
    });
    assert.equal(config.receivers["file_log/application"].storage, "file_storage");
  });
});

describe("scraperConfig", () => {
  const config = JSON.parse(scraperConfig({ kind: "otlp", url: "http://loki:3100/otlp" })) as Record<string, any>;

  it("keeps what is not sent on disk, without end, and stops reading when that is full", () => {
    const { sending_queue: queue, retry_on_failure: retry, timeout } = config.exporters.otlp_http;
    assert.equal(queue.storage, "file_storage");
    assert.equal(queue.block_on_overflow, true);
    // Loki drops, after a restart, lines of requests that came side by side.
    assert.equal(queue.num_consumers, 1);
    assert.equal(retry.max_elapsed_time, "0s");
    // With one sender, every line waits for an answer, and for the next try.
    assert.deepEqual([timeout, retry.max_interval], ["10s", "3s"]);
    assert.equal(config.receivers.file_log.retry_on_failure.max_elapsed_time, "0s");
    assert.equal(config.receivers.file_log.storage, "file_storage");
  });

  it("has nothing between reading and the queue that holds lines in memory", () => {
    assert.deepEqual(config.service.pipelines.logs.processors, ["memory_limiter", "resource"]);
  });

  it("reads the files that were put aside as well", () => {
    assert.deepEqual(config.receivers.file_log.include, ["/var/log/mesh/access.log", "/var/log/mesh/access.log.*"]);
  });
});

describe("portOf", () => {
  it("knows the ports that a URL leaves out", () => {
    assert.deepEqual(["http://a:3100/otlp", "http://a", "https://a/x"].map(portOf), [3100, 80, 443]);
  });
});

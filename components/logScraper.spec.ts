import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scraperConfig } from "./collectorConfig";
import { declare } from "../test/support/declare";
import { applicationRotationScript, LogScraper, portOf, rotationScript, sharedFolderBytes } from "./logScraper";

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
  it("puts a full file aside and empties it, while the application goes on writing, and leaves others alone", async () => {
    const folder = mkdtempSync(join(tmpdir(), "application-"));
    const log = join(folder, "shop.log");
    const written = "x".repeat(2000);
    writeFileSync(join(folder, "small.log"), "small");
    const open = openSync(log, "a");
    writeSync(open, written);
    const shell = spawn("sh", ["-c", applicationRotationScript(folder, { fileBytes: 1000, everySeconds: 1 })]);
    try {
      for (let i = 0; statSync(log).size > 0 && i < 100; i++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      writeSync(open, "later");
      assert.equal(readFileSync(`${log}.old`, "utf8"), written);
      assert.equal(readFileSync(log, "utf8"), "later");
      assert.deepEqual(readdirSync(folder).sort(), ["shop.log", "shop.log.old", "small.log"]);
    } finally {
      const ended = new Promise((resolve) => shell.on("close", resolve));
      shell.kill("SIGTERM");
      assert.equal(await ended, 0);
      closeSync(open);
      rmSync(folder, { recursive: true });
    }
  });
});

describe("the log scraper of a service that writes files", () => {
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
    const { sending_queue: queue, retry_on_failure: retry } = config.exporters.otlp_http;
    assert.equal(queue.storage, "file_storage");
    assert.equal(queue.block_on_overflow, true);
    assert.equal(retry.max_elapsed_time, "0s");
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

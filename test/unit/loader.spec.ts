import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../../commands/stackFiles";

/** Runs a script as Pulumi runs the program, and gives what it prints. */
function run(script: string, env: Record<string, string> = {}): string {
  return execFileSync(process.execPath, ["--no-warnings", "--require", "./loader.cjs", "--eval", script], {
    cwd: projectFolder,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
}

/** Sends two messages to an engine that counts what it is sent, and prints the count. */
const sendMessages = `
  const sdk = require("node:module").createRequire(require.resolve("@pulumi/pulumi"));
  const grpc = sdk("@grpc/grpc-js");
  const { Empty } = sdk("google-protobuf/google/protobuf/empty_pb");
  const { EngineService } = require("@pulumi/pulumi/proto/engine_grpc_pb");
  let count = 0;
  const answer = (call, done) => done(undefined, new Empty(), void count++);
  const server = new grpc.Server();
  server.addService(EngineService, { log: answer });
  server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), async (_, port) => {
    process.env.PULUMI_NODEJS_ENGINE = "127.0.0.1:" + port;
    const { log } = require("@pulumi/pulumi");
    await log.debug("seldom read");
    await log.info("read");
    console.log(count);
    process.exit();
  });
`;

/** Prints the stack trace of a promise, and how many frames an error has afterwards. */
const tracePromise = `
  const { debuggablePromise } = require("@pulumi/pulumi/runtime/debuggable");
  const promise = Promise.resolve();
  debuggablePromise(promise, "test");
  console.log(promise._debugStackTrace.split("\\n").length > 1, new Error().stack.split("\\n").length > 1);
`;

/** Makes a span as the SDK does, and prints whether OpenTelemetry's SDK was loaded for it. */
const makeSpan = `
  const span = require("@pulumi/pulumi/cmd/run/tracing").newSpan("test");
  span.setAttribute("key", "value");
  span.end();
  console.log(Object.keys(require.cache).some((path) => /@opentelemetry.sdk-trace/.test(path)));
`;

describe("the loader", () => {
  it("keeps the compiler and npm's installer unloaded, which the SDK alone would load", () => {
    const printed = run(`
      require("./stacks/configReader");
      require("@pulumi/kubernetes");
      console.log(Object.keys(require.cache).filter((path) => /arborist.lib.arborist|typescript.lib/.test(path)).length);
    `);
    assert.equal(printed, "0\n");
  });

  it("loads them once the SDK uses them, and the debugger with them", () => {
    const printed = run(`
      const hooks = require("@pulumi/pulumi/runtime/closure/v8Hooks");
      const { runtime } = require("@pulumi/pulumi");
      hooks
        .isInitializedAsync()
        .then(() => runtime.serializeFunction((name) => "hello " + name))
        .then(({ text }) => console.log(text));
    `);
    assert.match(printed, /return \(name\) => "hello " \+ name/);
  });

  it("names the line of the TypeScript in a stack trace", () => {
    const printed = run(`
      try {
        require("./components/durations").milliseconds(Symbol());
      } catch (error) {
        console.log(error.stack);
      }
    `);
    const lines = readFileSync(join(projectFolder, "components/durations.ts"), "utf8").split("\n");
    const thrower = lines.findIndex((line) => line.includes(".test(text)")) + 1;
    assert.match(printed, new RegExp(`durations\\.ts:${thrower}:`));
  });

  it("spares the SDK's debug messages, unless they are asked for", () => {
    assert.equal(run(sendMessages), "1\n");
    assert.equal(run(sendMessages, { SIDECAR_MESH_DEBUG: "true" }), "2\n");
  });

  it("spares the stack traces of promises, unless they are asked for, and no others", () => {
    assert.equal(run(tracePromise), "false true\n");
    assert.equal(run(tracePromise, { PULUMI_DEBUG_PROMISE_LEAKS: "true" }), "true true\n");
  });

  it("spares OpenTelemetry's SDK, unless a trace is asked for", () => {
    assert.equal(run(makeSpan), "false\n");
    const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    assert.equal(run(makeSpan, { TRACEPARENT }), "true\n");
  });
});

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { Agent, request } from "node:http";
import { request as tlsRequest } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { sharedLog } from "../../components/accessLog";
import type { Outputs } from "./cluster";
import { meshOutputs } from "./stack";
import { npm, servingPod } from "./cluster";
import { target } from "./target";
import { addObservability } from "../../toolchain";

const run = promisify(execFile);
const maxBuffer = 64 * 1024 * 1024;

/** Namespace of the services. */
export const namespace = "demo";

/** URL of the ingress gateway on this machine. */
export const { gatewayUrl } = target;

/** Gives the embedded cluster fortio's image, which it builds the first time. */
export async function addFortio(): Promise<void> {
  if (target.embedded) {
    await addObservability(["fortio"]);
  }
}

/**
 * @returns an item of `services` that runs fortio's server; `params` is what it answers with, such as `status=503:50`.
 */
export function fortioService(name: string, params: string, settings: Record<string, unknown> = {}) {
  return { name, image: target.images.fortio, args: fortioArgs(name, params), retries: { attempts: 0 }, ...settings };
}

/** @returns the arguments of fortio's server; it shows a request's headers at `/NAME/debug`. */
export function fortioArgs(name: string, params: string): string[] {
  const off = ["-grpc-port", "-redirect-port", "-tcp-port", "-udp-port"].flatMap((flag) => [flag, "disabled"]);
  const echo = ["-echo-debug-path", `/${name}/debug`, "-max-echo-delay", "10s"];
  return ["server", ...off, ...echo, ...(params ? ["-echo-server-default-params", params] : [])];
}

/** Applies the whole program to the cluster; without its load generator, for requests are counted. */
export async function apply(config: Record<string, unknown>): Promise<Outputs> {
  const settings = Object.entries({ loadGenerator: "false", ...config }).flatMap(([key, value]) => [
    "-c",
    `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  ]);
  const { code, stdout, stderr } = await npm("start", ...target.flags, "--yes", "--json", ...settings);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Outputs;
}

/** Removes what {@link apply} made. */
export async function remove(...flags: string[]): Promise<void> {
  const { code, stderr } = await npm("down", ...target.flags, ...flags);
  assert.equal(code, 0, stderr);
}

/** Runs kubectl. @returns what it prints. */
export async function kubectl(...args: string[]): Promise<string> {
  const { stdout } = await run(target.command("kubectl"), ["--kubeconfig", target.kubeconfig, ...args], { maxBuffer });
  return stdout;
}

/** Runs istioctl. @returns what it prints, errors included, whatever its exit code. */
export async function istioctl(...args: string[]): Promise<string> {
  const all = ["--kubeconfig", target.kubeconfig, ...args];
  return run(target.command("istioctl"), all, { maxBuffer }).then(
    ({ stdout, stderr }) => stdout + stderr,
    (error: { stdout?: string; stderr?: string }) => `${error.stdout ?? ""}${error.stderr ?? ""}`,
  );
}

/**
 * Asserts that istioctl analyze reports nothing for the running stack, in any namespace that it declares. It would
 * report a namespace without a label for injection.
 */
export async function assertNothingToAnalyze(): Promise<void> {
  const { namespaces } = (await meshOutputs()).declared;
  assert.ok(Object.keys(namespaces).length >= 4, JSON.stringify(namespaces));
  const all = new Set(Object.values(namespaces));
  for (const one of all) {
    assert.match(await istioctl("analyze", "-n", one), /^\s*✔ No validation issues found/, one);
  }
}

/** Runs fortio in the pod of a service. @returns all that it prints, whatever its exit code. */
export async function fortioIn(service: string, ...args: string[]): Promise<string> {
  // kubectl itself would take a pod that goes, because it is ready for longer.
  const { name: pod } = await servingPod(namespace, `app=${service}`);
  const exec = ["exec", "-n", namespace, pod, "-c", service, "--", "/usr/local/bin/fortio", ...args];
  return run(target.command("kubectl"), ["--kubeconfig", target.kubeconfig, ...exec], {
    maxBuffer,
    timeout: 60_000,
  }).then(
    ({ stdout, stderr }) => stdout + stderr,
    (error: { stdout?: string; stderr?: string }) => `${error.stdout ?? ""}${error.stderr ?? ""}`,
  );
}

/** A line of Envoy's access log, as far as the tests look at it. */
export interface AccessLogLine {
  start_time: string;
  path: string;
  response_code: number;
  response_flags: string;
}

/** @returns the lines of the ingress gateway's access log since then. Envoy writes them up to ten seconds late. */
export async function gatewayLines(since: Date): Promise<AccessLogLine[]> {
  const gateway = ["-n", "istio-ingress", "deploy/istio-ingressgateway"];
  return linesOf(await kubectl("logs", ...gateway, `--since-time=${since.toISOString()}`), since);
}

/** @returns the lines of a service's pod since then, from the file that its log scraper reads. */
export async function podLines(pod: string, since: Date): Promise<AccessLogLine[]> {
  const file = await kubectl("exec", "-n", namespace, pod, "-c", "log-rotator", "--", "cat", sharedLog.file);
  return linesOf(file, since);
}

function linesOf(log: string, since: Date): AccessLogLine[] {
  // What an agent says of itself is no JSON.
  const lines = log.split("\n").filter((line) => line.startsWith("{"));
  return lines
    .map((line) => JSON.parse(line) as AccessLogLine)
    .filter((line) => line.response_code !== undefined && Date.parse(line.start_time) >= since.getTime());
}

/** An answer, or what was there instead of one. */
export interface Answer {
  /** Status; 0 if there was no answer. */
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
  /** Milliseconds until all of it was there. */
  ms: number;
  /** Why there was no answer. */
  error?: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 100 });

/** Sends one request, and waits at most 20 s for the answer. */
export function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  const started = Date.now();
  return new Promise((resolve) => {
    const fail = (error: string) =>
      resolve({ status: 0, headers: {}, body: "", ms: Date.now() - started, error: error || "no answer" });
    const sent = request(url, { headers, agent, timeout: 20_000 }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", (error) => fail(error.message));
      answer.on("end", () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: Buffer.concat(chunks).toString("utf8"),
          ms: Date.now() - started,
        }),
      );
    });
    sent.on("timeout", () => sent.destroy(new Error("timeout")));
    sent.on("error", (error) => fail(error.message));
    sent.end();
  });
}

/** Sends `count` requests, `parallel` at a time. */
export async function drive(
  url: string,
  count: number,
  parallel = 1,
  headers: Record<string, string> = {},
): Promise<Answer[]> {
  const answers: Answer[] = [];
  let sent = 0;
  const worker = async () => {
    while (sent++ < count) {
      answers.push(await get(url, headers));
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return answers;
}

/** @returns how many answers had each status. */
export function statuses(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) {
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

/** Asks until `test` accepts the answer. @returns whether it did within `seconds`. */
export async function until(seconds: number, test: () => Promise<boolean>): Promise<boolean> {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    if (await test()) {
      return true;
    }
    await sleep(200);
  }
  return false;
}

/** Sends requests one after another, about `perSecond`, until `stop` is called. */
export function constantLoad(url: string, perSecond: number): { stop: () => Promise<Answer[]> } {
  const pending: Promise<Answer>[] = [];
  const timer = setInterval(() => pending.push(get(url)), 1000 / perSecond);
  return {
    stop: () => {
      clearInterval(timer);
      return Promise.all(pending);
    },
  };
}

/** What came over HTTPS, and how. */
export interface TlsAnswer {
  status?: number;
  body: string;
  protocol: string | null;
  peer: DetailedPeerCertificate;
}

/**
 * Asks over HTTPS, trusting the certificate `ca` alone.
 * @param host Host that is asked for, and that the certificate must be for. Default: the URL's.
 */
export function getTls(url: string, ca: string, host?: string): Promise<TlsAnswer> {
  const named = host === undefined ? {} : { servername: host, headers: { host } };
  return new Promise((resolve, reject) => {
    const sent = tlsRequest(url, { ca, timeout: 5000, agent: false, ...named }, (answer) => {
      const socket = answer.socket as TLSSocket;
      const [protocol, peer] = [socket.getProtocol(), socket.getPeerCertificate(true)];
      let body = "";
      answer.setEncoding("utf8").on("data", (text: string) => (body += text));
      answer.on("end", () => resolve({ status: answer.statusCode, body, protocol, peer }));
    });
    sent.on("error", reject).on("timeout", () => sent.destroy(new Error("timeout")));
    sent.end();
  });
}

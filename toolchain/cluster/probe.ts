import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { tryRun } from "../system/run";
import type { Probe } from "./components";

/** Asks a component whether it works. Gives undefined when it does, else what is wrong. */
export async function ask(probe: Probe, timeoutMs = 3000): Promise<string | undefined> {
  if (probe.kind === "containerd") {
    const args = ["--address", probe.socket, "--connect-timeout", `${timeoutMs}ms`, "version"];
    const { code, stderr } = await tryRun("ctr", args, { timeoutMs: timeoutMs + 1000 }).catch((error: Error) => ({
      code: 1,
      stderr: error.message,
    }));
    return code === 0 ? undefined : stderr.trim().split("\n").at(-1);
  }
  return new Promise((resolve) => {
    try {
      const request =
        probe.kind === "http"
          ? httpRequest(probe.url, { timeout: timeoutMs, agent: false })
          : httpsRequest(probe.url, {
              timeout: timeoutMs,
              agent: false,
              // Components without a certificate of the cluster's make their own, for this machine's loopback alone.
              rejectUnauthorized: probe.ca !== undefined,
              ca: probe.ca && readFileSync(probe.ca),
              cert: probe.certificate && readFileSync(`${probe.certificate}.crt`),
              key: probe.certificate && readFileSync(`${probe.certificate}.key`),
            });
      request.on("timeout", () => request.destroy(new Error("no answer")));
      request.on("error", (error) => resolve(error.message));
      request.on("response", (response) => {
        response.resume();
        resolve(response.statusCode === 200 ? undefined : `answers ${response.statusCode}`);
      });
      request.end();
    } catch (error) {
      resolve((error as Error).message);
    }
  });
}

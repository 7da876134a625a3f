import http from "node:http";
import https from "node:https";

/** Milliseconds in which an API server has to answer. */
export const answerMs = 5000;

/** What the system says when a connection fails, in words. */
const reasons: Record<string, string> = {
  ECONNREFUSED: "the connection is refused, nothing listens there",
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "its name can't be looked up",
  EHOSTUNREACH: "there is no way to this address",
  ENETUNREACH: "there is no way to this network",
  ECONNRESET: "the connection was ended without an answer",
};

/**
 * Asks whether anything answers at an API server's URL. Only that: no credentials are sent, so any answer is one, and
 * no certificate is checked.
 * @param withinMs Milliseconds in which it has to answer. Default 5000.
 * @returns undefined if it answers; else why not.
 */
export async function askServer(server: string, withinMs = answerMs): Promise<string | undefined> {
  if (!URL.canParse(server)) {
    return "this is no URL";
  }
  const { request } = server.startsWith("http:") ? http : https;
  const noAnswer = `no answer within ${withinMs / 1000} s`;
  return new Promise((resolve) => {
    const asked = request(new URL("/version", server), {
      rejectUnauthorized: false,
      agent: false,
      signal: AbortSignal.timeout(withinMs),
    });
    asked.on("response", (response) => {
      response.destroy();
      resolve(undefined);
    });
    asked.on("error", (error: NodeJS.ErrnoException) => {
      resolve(error.name === "AbortError" ? noAnswer : (reasons[error.code ?? ""] ?? (error.message || noAnswer)));
    });
    asked.end();
  });
}

import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { ClientRequest, IncomingHttpHeaders } from "node:http";
import { servedHost } from "../../components/hosts";
import type { DeclaredMesh } from "../../stacks/declared";

/** An answer, or why there was none. */
export interface Answer {
  /** Status; 0 if there was no answer. */
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** Milliseconds until all of it was there. */
  ms: number;
  /** Why there was no answer. */
  error?: string;
}

/** How requests are sent. */
export interface HttpClientOptions {
  /** Value of the header Host, and name that TLS asks for. Default: the URL's. */
  host?: string;
  /** Accept a certificate without a trusted authority. Default false. */
  insecure?: boolean;
  /** Milliseconds until an answer is given up. Default 20000. */
  timeoutMs?: number;
  /** Most connections at once. Default 100. */
  connections?: number;
}

/** Sends GET requests, keeping connections open. */
export class HttpClient {
  private readonly http: HttpAgent;
  private readonly https: HttpsAgent;

  constructor(private readonly options: HttpClientOptions = {}) {
    const { connections: maxSockets = 100 } = options;
    this.http = new HttpAgent({ keepAlive: true, maxSockets });
    this.https = new HttpsAgent({ keepAlive: true, maxSockets });
  }

  /** Sends one request. It never throws: what went wrong is in the answer. */
  get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
    const { host, insecure, timeoutMs = 20_000 } = this.options;
    const common = { headers: { ...(host && { host }), ...headers } };
    const tls = { agent: this.https, rejectUnauthorized: !insecure, ...(host && { servername: host }) };
    return answerTo(
      () =>
        url.startsWith("https:")
          ? httpsRequest(url, { ...common, ...tls })
          : httpRequest(url, { ...common, agent: this.http }),
      timeoutMs,
    );
  }

  /** Closes the connections that are kept open. */
  close(): void {
    this.http.destroy();
    this.https.destroy();
  }
}

/** Sends a request, and reads its answer. It never throws: what went wrong is in the answer. */
export function answerTo(send: () => ClientRequest, timeoutMs: number, body?: string): Promise<Answer> {
  const started = performance.now();
  const ms = () => performance.now() - started;
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException) => resolve({ ...noAnswer(error.code ?? error.message), ms: ms() });
    const sent = send();
    const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
    sent.on("error", fail).on("close", () => clearTimeout(timer));
    sent.on("response", (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (more: string) => (text += more));
      answer.on("error", fail);
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text, ms: ms() }),
      );
    });
    sent.end(body);
  });
}

/** @returns that there was no answer, and why. */
export function noAnswer(error: string): Answer {
  return { status: 0, headers: {}, body: "", ms: 0, error };
}

/**
 * @returns a client for the ingress gateway: it asks for a host that the gateway serves, and takes its own certificate.
 */
export function gatewayClient({ gateway }: Pick<DeclaredMesh, "gateway">, options: HttpClientOptions = {}): HttpClient {
  return new HttpClient({ host: servedHost(gateway.hosts, "verify"), insecure: gateway.selfSigned, ...options });
}

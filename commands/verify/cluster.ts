import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { RequestOptions } from "node:https";
import { Duplex, PassThrough, Writable } from "node:stream";
import { Exec, PortForward } from "@kubernetes/client-node";
import type { KubeClient, LiveObject } from "../../cluster/kubeClient";
import { answerTo, noAnswer } from "../shared/httpClient";
import type { Answer } from "../shared/httpClient";

/** A command's end inside a container. */
export interface Executed {
  ok: boolean;
  stdout: string;
  stderr: string;
}

/** A web socket, as far as it is used here. */
interface Socket {
  on(event: "close", then: () => void): unknown;
  close(): void;
}

/** What is posted. */
interface Form {
  /** Its content type. */
  type: string;
  body: string;
}

/** @returns the headers of a form. */
function typeOf({ type, body }: Form): Record<string, string> {
  return { "content-type": type, "content-length": String(Buffer.byteLength(body)) };
}

/** Milliseconds until an answer of the cluster is given up. */
const answerMs = 10_000;

/**
 * Everything that checks ask of a cluster. All of it goes through the API server, so that it works from wherever
 * kubectl does: Services and pods by its proxy, what listens on localhost inside a pod by a port-forward.
 */
export class Cluster {
  private readonly known = new Map<string, Promise<LiveObject[]>>();

  constructor(
    readonly client: KubeClient,
    /** Words that every kubectl command starts with, for telling people how to look further. */
    readonly kubectl: string,
  ) {}

  /** URL of the API server. */
  get server(): string {
    return this.client.kubeConfig.getCurrentCluster()?.server ?? "no server";
  }

  /** Asks the API server for a path; with a form, posts that. It never throws. */
  async raw(path: string, timeoutMs = answerMs, form?: Form): Promise<Answer> {
    const options: RequestOptions = { timeout: timeoutMs, ...(form && { method: "POST", headers: typeOf(form) }) };
    try {
      await this.client.kubeConfig.applyToHTTPSOptions(options);
    } catch (error) {
      return noAnswer(error instanceof Error ? error.message : String(error));
    }
    const url = new URL(this.server + path);
    return answerTo(
      () => (url.protocol === "http:" ? httpRequest(url, options) : httpsRequest(url, options)),
      timeoutMs,
      form?.body,
    );
  }

  /**
   * Makes a token of a service account that is valid for ten minutes, the least there is.
   * @returns the token, or what the API server said instead.
   */
  async token(namespace: string, serviceAccount: string): Promise<{ token: string } | { refused: string }> {
    const asked = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 600 } };
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
    const { status, body, error } = await this.raw(path, answerMs, {
      type: "application/json",
      body: JSON.stringify(asked),
    });
    const said = status === 201 ? undefined : (error ?? `HTTP ${status} ${body.slice(0, 200)}`);
    return said === undefined
      ? { token: (JSON.parse(body) as { status: { token: string } }).status.token }
      : { refused: said };
  }

  /** Asks a pod by its address: the API server is a client outside of the mesh. */
  pod(namespace: string, name: string, port: number, path: string): Promise<Answer> {
    return this.raw(`/api/v1/namespaces/${namespace}/pods/${name}:${port}/proxy${path}`);
  }

  /**
   * Asks what listens inside a pod, on localhost as well; with a form, posts that. Headers arrive as they are; the API
   * server's proxy keeps some for itself.
   */
  async inPod(
    namespace: string,
    name: string,
    port: number,
    path: string,
    headers: Record<string, string> = {},
    form?: Form,
  ): Promise<Answer> {
    const toPod = new PassThrough();
    const fromPod = new PassThrough();
    const forward = new PortForward(this.client.kubeConfig);
    try {
      const socket = (await forward.portForward(namespace, name, [port], fromPod, null, toPod)) as unknown as Socket;
      socket.on("close", () => fromPod.end());
      const connection = Duplex.from({ readable: fromPod, writable: toPod });
      const answer = await answerTo(
        () =>
          httpRequest({
            path,
            ...(form && { method: "POST" }),
            headers: { host: "localhost", connection: "close", ...headers, ...(form && typeOf(form)) },
            createConnection: () => connection,
          }),
        answerMs,
        form?.body,
      );
      socket.close();
      return answer;
    } catch (error) {
      const cause = error instanceof Error ? error.message : JSON.stringify(error);
      return noAnswer(`port-forward to ${name}:${port}: ${cause}`);
    }
  }

  /** Runs a command in a container. It never throws. */
  async exec(namespace: string, pod: string, container: string, command: string[]): Promise<Executed> {
    const texts = { stdout: "", stderr: "" };
    const into = (name: keyof typeof texts) =>
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          texts[name] += chunk.toString("utf8");
          done();
        },
      });
    const exec = new Exec(this.client.kubeConfig);
    return new Promise((resolve) => {
      const end = (ok: boolean, more = "") => resolve({ ok, ...texts, stderr: texts.stderr + more });
      exec
        .exec(namespace, pod, container, command, into("stdout"), into("stderr"), null, false, ({ status }) =>
          end(status === "Success"),
        )
        .then(
          (socket: unknown) =>
            (socket as Socket).on("close", () => setTimeout(() => end(false, "the connection ended"), 100)),
          (error: unknown) => end(false, error instanceof Error ? error.message : JSON.stringify(error)),
        );
    });
  }

  /** @returns all objects of a type; the same ones however often it is asked. */
  list(apiVersion: string, kind: string, namespace?: string): Promise<LiveObject[]> {
    const key = [apiVersion, kind, namespace].join("|");
    const known = this.known.get(key) ?? this.client.list(apiVersion, kind, namespace);
    this.known.set(key, known);
    return known;
  }

  /** @returns the object of that name among {@link list}. */
  async find(apiVersion: string, kind: string, namespace: string, name: string): Promise<LiveObject | undefined> {
    return (await this.list(apiVersion, kind, namespace)).find(({ metadata }) => metadata?.name === name);
  }
}

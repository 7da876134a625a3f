import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A registry on this machine: each path leads to what answers there. */
export class StubRegistry {
  /** Each request, as method, path with query, and what its header Authorization says. */
  readonly requests: string[] = [];
  readonly answers = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();
  private readonly server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url!, "http://stub");
    this.requests.push([request.method, pathname + search, request.headers.authorization].filter(Boolean).join(" "));
    const answer = this.answers.get(pathname);
    if (answer) {
      answer(request, response);
    } else {
      response.writeHead(404).end();
    }
  });

  listen = () => new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", () => resolve()));
  close = () => new Promise((resolve) => (this.server.closeAllConnections(), this.server.close(resolve)));

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Has an image answer with some headers, or a status alone. */
  image(path: string, tag: string, answer: Record<string, string> | number): string {
    const [status, headers] = typeof answer === "number" ? [answer, {}] : [200, answer];
    this.answers.set(`/v2/${path}/manifests/${tag}`, (_, response) => {
      response.writeHead(status, headers).end();
    });
    return `${this.host}/${path}:${tag}`;
  }
}

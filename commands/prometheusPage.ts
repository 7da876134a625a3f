import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

/** What Prometheus itself puts into its page as it serves it. */
const replacements: Record<string, string> = {
  CONSOLES_LINK_PLACEHOLDER: "",
  AGENT_MODE_PLACEHOLDER: "false",
  READY_PLACEHOLDER: "true",
  LOOKBACKDELTA_PLACEHOLDER: "5m",
  TITLE_PLACEHOLDER: "Prometheus",
};

const types: Record<string, string> = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

/** @returns Prometheus' own page as it is served. */
export function filledIn(page: string): string {
  return Object.entries(replacements).reduce((text, [name, value]) => text.replaceAll(name, value), page);
}

/**
 * Serves Prometheus' page, as `npm run build` makes it in the folder web/ui of its sources, in front of a Prometheus that was built without
 * one: the page asks for `/api`, which is passed on.
 * @param folder Where index.html is.
 * @param prometheus URL of the API.
 */
export async function servePrometheusPage(
  folder: string,
  prometheus: string,
): Promise<{ url: string; close: () => void }> {
  const server = createServer((request, response) => {
    void (async () => {
      const { pathname, search } = new URL(request.url ?? "/", prometheus);
      if (pathname.startsWith("/api/")) {
        const chunks: Buffer[] = [];
        for await (const chunk of request) {
          chunks.push(chunk as Buffer);
        }
        const answer = await fetch(`${prometheus}${pathname}${search}`, {
          method: request.method,
          headers: { "content-type": request.headers["content-type"] ?? "application/json" },
          body: request.method === "POST" ? Buffer.concat(chunks) : undefined,
        });
        response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "application/json" });
        response.end(Buffer.from(await answer.arrayBuffer()));
        return;
      }
      const type = types[extname(pathname)];
      // Whatever is no file is a view of the one page.
      const body = type
        ? readFileSync(join(folder, normalize(pathname)))
        : filledIn(readFileSync(join(folder, "index.html"), "utf8"));
      response.writeHead(200, { "content-type": type ?? "text/html" });
      response.end(body);
    })().catch((error: Error) => {
      response.writeHead(502);
      response.end(error.message);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

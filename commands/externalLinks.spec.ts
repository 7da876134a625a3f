import assert from "node:assert/strict";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { CheckedLink } from "./externalLinks";
import { checkLink, checkLinks, externalLinks, linksMarkdown, sumUp } from "./externalLinks";
import { readPages } from "./markdown";

describe("the links to elsewhere", () => {
  it("are those of all pages, each once, without what is the reader's own", () => {
    const pages = [
      { file: "b.md", links: ["https://istio.io/latest", "#here", "other.md", "https://istio.io/latest/#a"] },
      { file: "a.md", links: ["https://istio.io/latest", "http://localhost:9090", "https://mirror.example/x"] },
    ];
    assert.deepEqual(externalLinks(pages), [
      { url: "https://istio.io/latest", files: ["a.md", "b.md"] },
      { url: "https://istio.io/latest/#a", files: ["b.md"] },
    ]);
  });

  it("are found in the project's pages", () => {
    const hosts = new Set(externalLinks(readPages()).map(({ url }) => new URL(url).host));
    assert.ok(hosts.has("istio.io"), [...hosts].join(", "));
  });
});

describe("the check of a link", () => {
  let server: Server;
  let origin: string;
  const asked: string[] = [];

  const html = (answer: ServerResponse, body: string) =>
    answer.writeHead(200, { "content-type": "text/html" }).end(body);

  /** What each path of the server does. */
  const paths: Record<string, (request: IncomingMessage, answer: ServerResponse, times: number) => unknown> = {
    "/ok": (_, answer) => html(answer, "<h1 id='there'>Hello</h1>"),
    "/gone": (_, answer) => answer.writeHead(404).end(),
    "/moved": (_, answer) => answer.writeHead(301, { location: "/ok" }).end(),
    "/elsewhere": (_, answer) => answer.writeHead(302, { location: "/ok" }).end(),
    "/to-gone": (_, answer) => answer.writeHead(302, { location: "/gone" }).end(),
    "/circle": (_, answer) => answer.writeHead(302, { location: "/circle" }).end(),
    "/silent": () => undefined,
    "/cut": (request) => request.socket.destroy(),
    "/no-head": ({ method }, answer) => (method === "HEAD" ? answer.writeHead(405).end() : html(answer, "")),
    "/not-for-robots": (_, answer) => answer.writeHead(403).end(),
    "/busy-once": (_, answer, times) => answer.writeHead(times === 1 ? 503 : 200).end(),
    "/busy-for-long": (_, answer) => answer.writeHead(503).end(),
    "/wait": (_, answer, times) => answer.writeHead(times === 1 ? 429 : 200, { "retry-after": "0" }).end(),
  };

  before(async () => {
    server = createServer((request, answer) => {
      const path = request.url ?? "";
      asked.push(`${request.method} ${path}`);
      paths[path]!(request, answer, asked.filter((one) => one.endsWith(` ${path}`)).length);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  beforeEach(() => asked.splice(0));

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const options = { timeoutMs: 300, tries: 2, pauseMs: 10 };
  const check = (path: string) => checkLink({ url: origin + path, files: ["README.md"] }, options);

  const cases: [string, CheckedLink["verdict"], RegExp, string[]?][] = [
    ["/ok", "ok", /HTTP 200/, ["HEAD /ok"]],
    ["/gone", "broken", /HTTP 404/, ["HEAD /gone", "GET /gone"]],
    ["/moved", "doubtful", /moved for good to .*\/ok$/],
    ["/elsewhere", "ok", /HTTP 200/],
    ["/to-gone", "broken", /HTTP 404/],
    ["/circle", "broken", /more than 10 redirects/],
    ["/silent", "broken", /no answer within 0\.3 s/, ["HEAD /silent", "HEAD /silent"]],
    ["/cut", "broken", /UND_ERR_SOCKET|ECONNRESET/],
    ["/no-head", "ok", /HTTP 200/, ["HEAD /no-head", "GET /no-head"]],
    ["/not-for-robots", "doubtful", /HTTP 403/],
    ["/busy-once", "ok", /HTTP 200/, ["HEAD /busy-once", "HEAD /busy-once"]],
    ["/busy-for-long", "broken", /HTTP 503/],
    ["/wait", "ok", /HTTP 200/],
    ["/ok#there", "ok", /HTTP 200/, ["GET /ok"]],
    ["/ok#nowhere", "doubtful", /no #nowhere/],
  ];
  for (const [path, verdict, said, requests] of cases) {
    it(`finds ${path} ${verdict}`, async () => {
      const link = await check(path);
      assert.equal(link.verdict, verdict, link.said);
      assert.match(link.said, said);
      if (requests) {
        assert.deepEqual(asked, requests);
      }
    });
  }

  it("finds a host broken that there is not", async () => {
    const link = await checkLink({ url: "https://nowhere.invalid/", files: [] }, { ...options, tries: 1 });
    assert.equal(link.verdict, "broken", link.said);
  });

  it("is patient with a host that does not answer once, and not at each of its links", async () => {
    const links = ["/silent", "/silent#a", "/silent#b"].map((path) => ({ url: origin + path, files: [] }));
    const checked = await checkLinks(links, options);
    assert.ok(checked.every(({ verdict }) => verdict === "broken"));
    assert.deepEqual(asked, ["HEAD /silent", "HEAD /silent", "GET /silent", "GET /silent"]);
  });

  it("asks for one after the other, and tells how all turned out", async () => {
    const links = ["/gone", "/moved", "/ok"].map((path) => ({ url: origin + path, files: ["README.md"] }));
    const told: string[] = [];
    const checked = await checkLinks(links, options, ({ url }) => told.push(url));
    assert.deepEqual(
      told,
      links.map(({ url }) => url),
    );
    assert.equal(sumUp(checked), "3 links to elsewhere: 1 ok, 1 doubtful, 1 broken");
    assert.match(
      linksMarkdown(checked),
      /1 broken\.\n\n\| link [^\n]*\n[^\n]*\n\| \S*\/gone \| broken \| HTTP 404 \| README\.md \|\n\| \S*\/moved \| doubtful/,
    );
    assert.doesNotMatch(linksMarkdown(checked.slice(2)), /\|/);
  });
});

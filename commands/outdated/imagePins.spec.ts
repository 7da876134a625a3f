import assert from "node:assert/strict";
import { StubRegistry } from "../../test/support/stubRegistry";
import { images } from "../../components/versions";
import { ImageRepository } from "../images/imageRepository";
import { chartPins, imagePins, judgeTags, newestChart, tagsOf } from "./imagePins";
import { newestAlike } from "./pin";

describe("the newest version that is made like ours", () => {
  const cases: [string, string[], string | undefined][] = [
    ["1.9.0", ["1.10.0", "1.9.9", "latest"], "1.10.0"],
    ["v3.10.0", ["v3.9.0", "3.11.0", "v4.0.0-rc.0"], "v3.10.0"],
    ["v2.27", ["v2.28", "v2.28.1", "v3"], "v2.28"],
    ["7.2.11-alpine", ["8.0.0", "8.0.0-bookworm", "7.4.1-alpine", "7-alpine"], "7.4.1-alpine"],
    ["1.40.0", [], "1.40.0"],
    ["3fb70258", ["4fb70258", "1.0.0"], undefined],
    ["latest", ["1.0.0"], undefined],
  ];
  for (const [ours, versions, newest] of cases) {
    it(`is ${newest} for ${ours}`, () => assert.equal(newestAlike(ours, versions), newest));
  }

  it("is sought for every image of the stack but those whose tags are commits", () => {
    const commits = Object.values(images).filter((image) => newestAlike(image.split(":").at(-1)!, []) === undefined);
    assert.deepEqual(commits, [images.rateLimit]);
    assert.match(judgeTags("3fb70258", []).problem!, /no versions/);
  });
});

describe("pins of images and charts", () => {
  let registry: StubRegistry;
  beforeEach(async () => {
    registry = new StubRegistry();
    await registry.listen();
  });
  afterEach(() => registry.close());

  const repository = (path = "a/b") => new ImageRepository(`${registry.host}/${path}:1.0.0`, "log in");

  it("come with the tags of all pages, asked for with one token", async () => {
    const pages: Record<string, string[] | null> = { "": ["1.0.0"], "1.0.0": ["1.1.0"], "1.1.0": null };
    registry.answers.set("/v2/a/b/tags/list", ({ url, headers }, response) => {
      if (headers.authorization !== "Bearer t0ken") {
        const challenge = `Bearer realm="http://${registry.host}/token"`;
        return response.writeHead(401, { "www-authenticate": challenge }).end();
      }
      const last = new URL(url!, "http://stub").searchParams.get("last") ?? "";
      const next = Object.keys(pages)[Object.keys(pages).indexOf(last) + 1];
      const link = next && { link: `</v2/a/b/tags/list?n=1000&last=${next}>; rel="next"` };
      return response.writeHead(200, { ...link }).end(JSON.stringify({ name: "a/b", tags: pages[last] }));
    });
    registry.answers.set("/token", (_, response) => response.end('{"token":"t0ken"}'));
    assert.deepEqual(await tagsOf(repository()), ["1.0.0", "1.1.0"]);
    assert.equal(registry.requests.filter((line) => line.includes("/token")).length, 1);

    assert.deepEqual(await imagePins([`${registry.host}/a/b:1.0.0`]), [
      { what: `${registry.host}/a/b`, ours: "1.0.0", newest: "1.1.0", where: ["components/versions.ts"] },
    ]);
  });

  it("say of each image why its registry did not tell", async () => {
    registry.answers.set("/v2/private/tags/list", (_, response) => response.writeHead(403).end());
    const { host } = registry;
    const pins = await imagePins([`${host}/gone:1.0.0`, `${host}/private:1.0.0`]);
    assert.deepEqual(
      pins.map(({ newest, problem }) => [newest, problem]),
      [
        [undefined, `${host} answers 404: there is no such image; correct it in components/versions.ts`],
        [
          undefined,
          `${host} answers 403: the image is not for everyone; look for its tags on the pages of its registry`,
        ],
      ],
    );
    await registry.close();
    const [{ problem } = {}] = await imagePins([`${host}/a:1.0.0`]);
    assert.match(problem!, /^no answer of 127\.0\.0\.1:\d+ \(\w+\); is it reached from here\?$/);
    await registry.listen();
  });

  it("do not follow a page to another server, nor pages without end", async () => {
    const lead = (to: string) =>
      registry.answers.set("/v2/a/b/tags/list", (_, response) =>
        response.writeHead(200, { link: `<${to}>; rel="next"` }).end('{"tags":[]}'),
      );
    lead("http://elsewhere.example/v2/a/b/tags/list");
    await assert.rejects(tagsOf(repository()), /leads to http:\/\/elsewhere\.example, which is another server/);
    lead("/v2/a/b/tags/list");
    await assert.rejects(tagsOf(repository()), /has more than 200 pages of tags/);
  });

  const index = (versions: string[]) =>
    `apiVersion: v1\nentries:\n  istiod:\n${versions.map((version) => `  - version: ${version}\n`).join("")}`;

  it("have the newest release of the chart istiod", async () => {
    assert.equal(newestChart("1.31.4", index(["1.32.0-rc.1", "1.31.5", "1.30.9"])), "1.31.5");
    assert.throws(() => newestChart("1.31.4", "entries: {}"), /no istiod/);
    assert.throws(() => newestChart("1.31.4", ""), /no istiod/);

    registry.answers.set("/charts/index.yaml", (_, response) => response.end(index(["1.31.4", "1.32.0"])));
    const [pin] = await chartPins(`http://${registry.host}/charts`, "1.31.4");
    assert.deepEqual([pin?.ours, pin?.newest], ["1.31.4", "1.32.0"]);
    await assert.rejects(chartPins(`http://${registry.host}/none`), /none\/index\.yaml: no answer \(answers 404\)/);
  });
});

import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { checkManifests } from "../../policy/check";
import { defaultSettings } from "../../policy/settings";
import { analyze, istioModule } from "./istio";

/**
 * Mandatory findings on Istio's samples that istioctl lacks, each of them right: docs/policies/samples.md explains why.
 * Key: rule, and resource.
 */
const explained: ReadonlySet<string> = new Set([
  "port-protocol-declared Service istio-system/grafana",
  "port-protocol-declared Service istio-system/jaeger-collector",
]);

describe("Istio's samples", () => {
  const folder = join(istioModule(), "samples");
  const all = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.ya?ml$/.test(file))
    .map((file) => join(folder, file))
    .filter((file) => statSync(file).isFile())
    .sort();
  let checked = 0;

  function compare(files: readonly string[]): void {
    const { findings } = checkManifests(
      files.map((file) => ({ file, text: readFileSync(file, "utf8") })),
      defaultSettings,
    );
    checked += files.length;
    const mandatory = findings.filter(({ level }) => level === "mandatory");
    if (mandatory.length === 0) {
      return;
    }
    const theirs = analyze(files).map(({ code, origin }) => `${code} ${origin.replace(" default/", " ")}`);
    const extra = mandatory
      .filter(({ code, resource }) => !theirs.includes(`${code} ${resource.replace(" default/", " ")}`))
      .filter(({ rule, resource }) => !explained.has(`${rule} ${resource}`))
      .map(
        ({ rule, code, resource, message, file }) =>
          `${rule} ${code} ${resource} (${relative(folder, file ?? "")}): ${message}`,
      );
    assert.deepEqual(extra, []);
  }

  for (const file of all) {
    it(relative(folder, file), () => compare([file]));
  }

  // A sample as a whole: its files belong together, but not all of them are meant to be applied at once.
  for (const sample of ["bookinfo/platform/kube", "helloworld", "httpbin", "sleep", "curl", "tcp-echo", "extauthz"]) {
    it(`${sample} as a whole`, () => compare(all.filter((file) => relative(folder, file).startsWith(`${sample}/`))));
  }

  after(() => console.log(`    ${checked} files`));
});

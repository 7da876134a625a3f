import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkManifests } from "../../policy/check";
import { parse } from "../../policy/mesh/yaml";
import { rules } from "../../policy/rules/index";
import { parseSettings } from "../../policy/settings";
import { analyzerCases, corpusFiles, istioModule, type Case } from "./istio";

/** Codes whose messages are about a running cluster rather than about what is declared. */
const leftOut: Record<string, string> = {
  IST0126: "reads the networks of several clusters, which no manifest of this one declares",
  IST0158: "compares the image of running proxies with the injector's",
  IST0171: "reads status conditions, which no declaration holds",
};

/** The codes that an analyzer can give, for cases that expect none. */
const analyzerCodes: Record<string, string[]> = {
  "externalcontrolplane.ExternalControlPlaneAnalyzer": ["IST0163", "IST0164"],
  "gateway.IngressGatewayPortAnalyzer": ["IST0162"],
  "gateway.ConflictingGatewayAnalyzer": ["IST0145"],
  "service.PortNameAnalyzer": ["IST0118", "IST0150"],
  "deployment.ServiceAssociationAnalyzer": ["IST0116", "IST0137"],
  "authn.BlockedCIDRsAnalyzer": ["IST0175"],
  "destinationrule.CaCertificateAnalyzer": ["IST0128", "IST0129"],
  "destinationrule.PodNotSelectedAnalyzer": ["IST0173", "IST0174"],
  "serviceentry.ProtocolAddressesAnalyzer": ["IST0134"],
  "serviceentry.ConflictingServiceEntryProtocolAnalyzer": ["IST0177"],
  "envoyfilter.EnvoyPatchAnalyzer": ["IST0151", "IST0152", "IST0153", "IST0154", "IST0155"],
  "telemetry.ProviderAnalyzer": ["IST0157"],
};

describe("Istio's analyzer tests", () => {
  const folder = join(istioModule(), "pkg/config/analysis");
  const allowed = corpusFiles();
  const read = (file: string): string => readFileSync(join(folder, "analyzers/testdata", file), "utf8");
  const cases = analyzerCases(folder).filter(
    ({ files }) => files.length > 0 && files.every((file) => allowed.has(file)),
  );
  let found = 0;
  let expected = 0;

  function compare({ files, meshConfig, analyzer, expected: all }: Case): void {
    const config = meshConfig === undefined ? undefined : parse(read(meshConfig));
    const settings = parseSettings(
      config !== undefined && "value" in config ? { meshConfig: config.value } : undefined,
      rules,
    );
    const { findings } = checkManifests(
      files.map((file) => ({ file, text: read(file) })),
      settings,
    );
    const wanted = all.filter(({ code }) => !(code in leftOut));
    const codes = new Set([...wanted.map(({ code }) => code), ...(analyzerCodes[analyzer] ?? [])]);
    const key = ({ code, resource }: { code: string; resource: string }): string => `${code} ${resource}`;
    const got = new Set(findings.filter(({ code }) => codes.has(code)).map(key));
    const want = new Set(wanted.map(key));
    expected += want.size;
    found += [...want].filter((one) => got.has(one)).length;
    assert.deepEqual([...got].sort(), [...want].sort());
  }

  for (const one of cases) {
    it(`${one.analyzer}: ${one.name} (${one.files.join(", ")})`, () => compare(one));
  }

  after(() => {
    console.log(`    found ${found} of ${expected} expected, in ${cases.length} cases`);
    for (const [code, reason] of Object.entries(leftOut)) {
      console.log(`    left out: ${code}, which ${reason}`);
    }
  });
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkManifests } from "../../policy/check";
import { parse } from "../../policy/mesh/yaml";
import { rules } from "../../policy/rules/index";
import { parseSettings } from "../../policy/settings";
import { uncoveredCodes } from "../../policy/docs";
import { analysisFolder, corpusCases, type Case } from "./istio";

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

/** Cases with a file that files.txt leaves out. None expects a code that a rule covers. */
const partlyThere = [
  "istioInjectionProxyImageMismatch",
  "injectionImageDistroless",
  "injectionImageDistrolessNoMeshConfig",
];

/** Cases all of whose messages have a code that no rule covers. */
const withoutOurCodes = [
  "istioInjectionProxyImageMismatchAbsolute",
  "istioInjectionProxyImageMismatchWithRevisionCanary",
  "unknown service registry in mesh networks",
  "Condition Analyzer",
];

describe("Istio's analyzer tests", () => {
  const { cases: all, partly } = corpusCases();
  const covered = (one: Case) => one.expected.filter(({ code }) => !(code in uncoveredCodes));
  const isOpen = (one: Case) => one.expected.length > 0 && covered(one).length === 0;
  const cases = all.filter((one) => !isOpen(one));
  const read = (file: string): string => readFileSync(join(analysisFolder(), "analyzers/testdata", file), "utf8");
  let found = 0;
  let expected = 0;

  function check({ files, meshConfig }: Case) {
    const config = meshConfig === undefined ? undefined : parse(read(meshConfig));
    const settings = parseSettings(
      config !== undefined && "value" in config ? { meshConfig: config.value } : undefined,
      rules,
    );
    return checkManifests(
      files.map((file) => ({ file, text: read(file) })),
      settings,
    );
  }

  function compare(one: Case): void {
    const { findings } = check(one);
    const wanted = covered(one);
    const codes = new Set([...wanted.map(({ code }) => code), ...(analyzerCodes[one.analyzer] ?? [])]);
    assert.ok(codes.size > 0, `nothing to compare: name the codes of ${one.analyzer}`);
    const key = ({ code, resource }: { code: string; resource: string }): string => `${code} ${resource}`;
    const got = new Set(findings.filter(({ code }) => codes.has(code)).map(key));
    const want = new Set(wanted.map(key));
    expected += want.size;
    found += [...want].filter((item) => got.has(item)).length;
    assert.deepEqual([...got].sort(), [...want].sort());
  }

  for (const one of cases) {
    it(`${one.analyzer}: ${one.name} (${one.files.join(", ")})`, () => compare(one));
  }

  for (const one of all.filter(isOpen)) {
    it(`${one.analyzer}: ${one.name} is read, though no rule covers its codes`, () => {
      const { problems, resources } = check(one);
      assert.deepEqual(problems, []);
      assert.ok(resources > 0);
    });
  }

  it("are all there", () => {
    const names = (list: readonly Case[]) => list.map(({ name }) => name).sort();
    assert.ok(all.length >= 87, `${all.length} cases`);
    assert.deepEqual(names(all.filter(isOpen)), [...withoutOurCodes].sort());
    assert.deepEqual(names(partly), [...partlyThere].sort());
    assert.deepEqual(partly.flatMap(covered), [], "what files.txt leaves out asks for nothing that a rule covers");
  });

  after(() => {
    console.log(`    found ${found} of ${expected} expected, in ${cases.length} cases`);
    console.log(`    left out, for a file that files.txt leaves out: ${partlyThere.join(", ")}`);
    console.log(`    left out, for no rule covers their codes: ${withoutOurCodes.join(", ")}`);
    for (const [code, reason] of Object.entries(uncoveredCodes)) {
      console.log(`    left out: ${code}, which ${reason}`);
    }
  });
});

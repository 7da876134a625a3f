import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RE2JS } from "re2js";
import { projectFolder } from "../../commands/session/stackFiles";
import { images, istioVersion } from "../../components/versions";
import { dependencies } from "../../package.json";
import { envoyWheel, zipkinJar } from "../../toolchain/install/pins";

interface CustomManager {
  description: string;
  managerFilePatterns: string[];
  matchStrings: string[];
  depNameTemplate?: string;
}

const { customManagers } = JSON.parse(readFileSync(join(projectFolder, "renovate.json"), "utf8")) as {
  customManagers: CustomManager[];
};
const files = [
  ".",
  "components",
  "components/observability/tracing",
  "docs",
  join(".github", "workflows"),
  join("toolchain", "install"),
].flatMap((folder) => readdirSync(join(projectFolder, folder)).map((name) => join(folder, name)));

/** What one expression finds, as Renovate does. */
function matchesIn(file: string, matchString: string) {
  return [...readFileSync(join(projectFolder, file), "utf8").matchAll(new RegExp(matchString, "g"))];
}

function filesOf({ managerFilePatterns }: CustomManager): string[] {
  return managerFilePatterns.flatMap((pattern) => {
    const expression = new RegExp(pattern.replace(/^\/|\/$/g, ""));
    const found = files.filter((file) => expression.test(file));
    assert.ok(found.length > 0, `${pattern} matches a file`);
    return found;
  });
}

/** @returns name and version of all that the managers find. */
function found(): string[] {
  return customManagers.flatMap((manager) =>
    filesOf(manager).flatMap((file) =>
      manager.matchStrings.flatMap((matchString) =>
        matchesIn(file, matchString).map(({ groups }) => {
          return `${manager.depNameTemplate ?? groups!.depName} ${groups!.currentValue} ${file}`;
        }),
      ),
    ),
  );
}

describe("Renovate's config", () => {
  for (const manager of customManagers) {
    it(`has no expression that finds nothing: ${manager.description}`, () => {
      for (const matchString of manager.matchStrings) {
        assert.ok(
          filesOf(manager).some((file) => matchesIn(file, matchString).length > 0),
          matchString,
        );
        assert.doesNotThrow(() => RE2JS.compile(matchString), `RE2 takes ${matchString}`);
      }
    });
  }

  it("finds every image of the stack, but the one whose tags are commits", () => {
    const wanted = Object.values(images).filter((image) => image !== images.rateLimit);
    const inComponents = found().filter((line) => / components\/[\w/]+\.ts$/.test(line));
    assert.deepEqual(
      inComponents.map((line) => line.slice(0, line.lastIndexOf(" "))).sort(),
      [...wanted.map((image) => image.replace(/:(?=[^:]*$)/, " ")), `istio/istio ${istioVersion}`].sort(),
    );
  });

  it("finds Istio's version wherever it is pinned, and each time the default", () => {
    const ofIstio = found().filter((line) => line.startsWith("istio/istio "));
    for (const file of ["components/versions.ts", "Pulumi.yaml", ".github/workflows/e2e.yml", "docs/airgap.md"]) {
      assert.ok(ofIstio.includes(`istio/istio ${istioVersion} ${file}`), file);
    }
    assert.deepEqual(
      ofIstio.filter((line) => line.split(" ")[1] !== istioVersion),
      [],
    );
  });

  it("finds what the sandbox installs without building it", () => {
    const file = "toolchain/install/pins.ts";
    assert.deepEqual(
      found().filter((line) => line.endsWith(file)),
      [
        `${envoyWheel.name} ${envoyWheel.version} ${file}`,
        `${zipkinJar.group}:${zipkinJar.artifact} ${zipkinJar.version} ${file}`,
      ],
    );
  });

  it("finds the Pulumi CLI of the workflows, which is the one of package.json", () => {
    const ofPulumi = found().filter((line) => line.startsWith("pulumi "));
    assert.ok(ofPulumi.length > 0);
    assert.ok(ofPulumi.every((line) => line.startsWith(`pulumi ${dependencies.pulumi} .github/workflows/`)));
  });
});

/**
 * Times mesh-check against `istioctl analyze --use-kube=false` on generated meshes, one after the other in each round,
 * so that both meet the same machine. Prints a table and writes the figures to a file.
 *
 *   tsx bench/meshCheck.ts [rounds] [file.json]
 *
 * istioctl is taken from the environment variable ISTIOCTL, or from PATH.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { withTemporaryFolder } from "../commands/shared/temporaryFolder";
import { run } from "../toolchain/system/run";
import { type Measured, milliseconds, sideBySide, writeResults } from "./measure";

const sizes = [10, 100, 1000, 2000, 4000];
const istioctl = process.env["ISTIOCTL"] ?? "istioctl";
const meshCheck = join(__dirname, "../commands/meshCheckBin.cjs");

/** @returns a service with its Deployment, DestinationRule, VirtualService and two policies. */
function service(name: string): object[] {
  const metadata = { name, namespace: "demo" };
  const selector = { matchLabels: { app: name } };
  const ports = [{ name: "http", port: 80, targetPort: 8080 }];
  const containers = [{ name: "app", image: "hashicorp/http-echo:1.0.0", ports: [{ containerPort: 8080 }] }];
  const template = { metadata: { labels: { app: name, version: "v1" } }, spec: { containers } };
  const subsets = [{ name: "v1", labels: { version: "v1" } }];
  const http = [{ route: [{ destination: { host: name, subset: "v1" } }] }];
  const rules = [{ from: [{ source: { principals: ["cluster.local/ns/demo/sa/default"] } }] }];
  const [networking, security] = ["networking.istio.io/v1", "security.istio.io/v1"];
  return [
    { apiVersion: "v1", kind: "Service", metadata, spec: { selector: { app: name }, ports } },
    { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: { selector, template } },
    { apiVersion: networking, kind: "DestinationRule", metadata, spec: { host: name, subsets } },
    { apiVersion: networking, kind: "VirtualService", metadata, spec: { hosts: [name], http } },
    { apiVersion: security, kind: "AuthorizationPolicy", metadata, spec: { selector, rules } },
    { apiVersion: security, kind: "PeerAuthentication", metadata, spec: { selector, mtls: { mode: "STRICT" } } },
  ];
}

/** @returns a mesh of some services, as YAML. */
function mesh(services: number): string {
  const metadata = { name: "demo", labels: { "istio-injection": "enabled" } };
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata };
  const objects = [namespace, ...Array.from({ length: services }, (_, i) => service(`service-${i}`)).flat()];
  return objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join("---\n");
}

/** @returns the milliseconds that a command takes from start to end. */
function time(command: string, ...args: string[]): Promise<number> {
  return milliseconds(() => run(command, args));
}

interface Row {
  services: number;
  meshCheck: number;
  istioctl: number;
  ratio: number;
}

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 11);
  const output = process.argv[3] ?? "bench/results/mesh-check.json";
  const rows: Row[] = [];
  await withTemporaryFolder(async (folder) => {
    for (const services of sizes) {
      const file = join(folder, `${services}.yaml`);
      writeFileSync(file, mesh(services));
      const ways = {
        ours: () => time(process.execPath, meshCheck, file),
        theirs: () => time(istioctl, "analyze", "--use-kube=false", file),
      };
      // The first run of each fills caches: the file system's, and the bundle that the launcher keeps.
      await sideBySide(ways, 1);
      const { ours, theirs } = (await sideBySide(ways, rounds)) as Record<keyof typeof ways, Measured>;
      rows.push({ services, meshCheck: ours.median, istioctl: theirs.median, ratio: ours.ratio });
    }
  });
  const nothing = await sideBySide({ node: () => time(process.execPath, "-e", "0") }, rounds);
  const startOfNode = nothing.node!.median;
  const [two, four] = [2000, 4000].map((size) => rows.find(({ services }) => services === size)!.meshCheck);
  const ms = (value: number): string => `${value.toFixed(0)} ms`;
  console.log(`| services | mesh-check | istioctl analyze | ratio |\n| ---: | ---: | ---: | ---: |`);
  for (const row of rows) {
    console.log(`| ${row.services} | ${ms(row.meshCheck)} | ${ms(row.istioctl)} | ${row.ratio.toFixed(2)} |`);
  }
  console.log(`\n4000 services take ${(four! / two!).toFixed(2)} times what 2000 take.`);
  console.log(`Starting node with nothing to do takes ${ms(startOfNode)} of each mesh-check.`);
  const version = (await run(istioctl, ["version", "--remote=false"])).trim();
  writeResults(output, { istioctl: version, rounds, startOfNode, rows });
}

void main();

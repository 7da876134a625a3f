/**
 * Times mesh-check against `istioctl analyze --use-kube=false` on generated meshes, one after the other in each round,
 * so that both meet the same machine. Prints a table and writes the figures to a file.
 *
 *   tsx bench/meshCheck.ts [rounds] [file.json]
 *
 * istioctl is taken from the environment variable ISTIOCTL, or from PATH.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median, writeResults } from "./measure";

const sizes = [10, 100, 1000, 2000, 4000];
const istioctl = process.env["ISTIOCTL"] ?? "istioctl";
const meshCheck = join(__dirname, "../commands/meshCheckBin.cjs");

function service(name: string): string {
  return `
apiVersion: v1
kind: Service
metadata:
  name: ${name}
  namespace: demo
spec:
  selector:
    app: ${name}
  ports:
  - name: http
    port: 80
    targetPort: 8080
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  namespace: demo
spec:
  selector:
    matchLabels:
      app: ${name}
  template:
    metadata:
      labels:
        app: ${name}
        version: v1
    spec:
      containers:
      - name: app
        image: hashicorp/http-echo:1.0.0
        ports:
        - containerPort: 8080
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: ${name}
  namespace: demo
spec:
  host: ${name}
  subsets:
  - name: v1
    labels:
      version: v1
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: ${name}
  namespace: demo
spec:
  hosts:
  - ${name}
  http:
  - route:
    - destination:
        host: ${name}
        subset: v1
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: ${name}
  namespace: demo
spec:
  selector:
    matchLabels:
      app: ${name}
  rules:
  - from:
    - source:
        principals: [cluster.local/ns/demo/sa/default]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata:
  name: ${name}
  namespace: demo
spec:
  selector:
    matchLabels:
      app: ${name}
  mtls:
    mode: STRICT
`;
}

/** A mesh of some services, each with its Deployment, DestinationRule, VirtualService and two policies. */
function mesh(services: number): string {
  const namespace =
    "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: demo\n  labels:\n    istio-injection: enabled\n";
  return [namespace, ...Array.from({ length: services }, (_, i) => service(`service-${i}`))].join("---");
}

/** The milliseconds that a command takes from start to end. */
function time(command: string, args: readonly string[]): number {
  const start = performance.now();
  const { status, error, stderr } = spawnSync(command, args, { encoding: "utf8" });
  const elapsed = performance.now() - start;
  if (error !== undefined || status !== 0) {
    throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? stderr}`);
  }
  return elapsed;
}

interface Row {
  services: number;
  meshCheck: number;
  istioctl: number;
  ratio: number;
}

function main(): void {
  const rounds = Number(process.argv[2] ?? 11);
  const output = process.argv[3] ?? "bench/results/mesh-check.json";
  const folder = mkdtempSync(join(tmpdir(), "mesh-check-bench-"));
  try {
    const rows = sizes.map((services): Row => {
      const file = join(folder, `${services}.yaml`);
      writeFileSync(file, mesh(services));
      const ours = (): number => time(process.execPath, [meshCheck, file]);
      const theirs = (): number => time(istioctl, ["analyze", "--use-kube=false", file]);
      // The first run of each fills caches: the file system's, and the bundle that the launcher keeps.
      ours();
      theirs();
      const pairs = Array.from({ length: rounds }, () => ({ ours: ours(), theirs: theirs() }));
      return {
        services,
        meshCheck: median(pairs.map((pair) => pair.ours)),
        istioctl: median(pairs.map((pair) => pair.theirs)),
        ratio: median(pairs.map((pair) => pair.ours / pair.theirs)),
      };
    });
    const [two, four] = [2000, 4000].map((size) => rows.find(({ services }) => services === size)!.meshCheck) as [
      number,
      number,
    ];
    const empty = median(Array.from({ length: rounds }, () => time(process.execPath, ["-e", "0"])));
    console.log(`| services | mesh-check | istioctl analyze | ratio |\n| ---: | ---: | ---: | ---: |`);
    for (const row of rows) {
      const ms = (value: number): string => `${value.toFixed(0)} ms`;
      console.log(`| ${row.services} | ${ms(row.meshCheck)} | ${ms(row.istioctl)} | ${row.ratio.toFixed(2)} |`);
    }
    console.log(`\n4000 services take ${(four / two).toFixed(2)} times what 2000 take.`);
    console.log(`Starting node with nothing to do takes ${empty.toFixed(0)} ms of each mesh-check.`);
    const version = execFileSync(istioctl, ["version", "--remote=false"], { encoding: "utf8" }).trim();
    writeResults(output, { istioctl: version, rounds, startOfNode: empty, rows });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

main();

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { GroupName } from "./groups";

/** The versions that a go.mod asks for, its replacements applied. */
function versionsOf(group: GroupName): Map<string, string> {
  const text = readFileSync(join(__dirname, group, "go.mod"), "utf8");
  const lines = text.split("\n").map((line) => line.trim().replace(/^(require|replace) /, ""));
  const pick = (pattern: RegExp) => lines.flatMap((line) => pattern.exec(line)?.slice(1, 3) ?? []);
  const pairs = (flat: string[]) => flat.flatMap((path, i) => (i % 2 ? [] : [[path, flat[i + 1]!] as const]));
  return new Map([...pairs(pick(/^(\S+\/\S+) (v\S+)/)), ...pairs(pick(/^(\S+)(?: v\S+)? => \1 (v\S+)/))]);
}

/**
 * What each group shares with the core. Go compiles a package once if its version and that of all that it imports are the same; to change
 * one of these in one go.mod alone makes a first start compile hundreds of packages twice.
 */
const shared: Partial<Record<GroupName, string[]>> = {
  etcd: ["golang.org/x/net", "google.golang.org/grpc", "google.golang.org/protobuf", "go.opentelemetry.io/otel"],
  "local-path": ["k8s.io/client-go", "k8s.io/api", "github.com/fxamacker/cbor/v2", "golang.org/x/net"],
  fortio: ["golang.org/x/net", "google.golang.org/grpc", "google.golang.org/protobuf"],
  pulumi: ["github.com/envoyproxy/go-control-plane/envoy", "google.golang.org/grpc", "golang.org/x/net"],
  "pulumi-kubernetes": ["k8s.io/api", "k8s.io/client-go", "k8s.io/kubectl", "helm.sh/helm/v3", "golang.org/x/net"],
  ratelimit: ["github.com/envoyproxy/go-control-plane/envoy", "google.golang.org/grpc", "golang.org/x/net"],
  "istio-cni": ["istio.io/istio", "k8s.io/client-go", "github.com/fxamacker/cbor/v2", "golang.org/x/net"],
  prometheus: ["k8s.io/api", "k8s.io/client-go", "golang.org/x/net", "go.opentelemetry.io/otel"],
  jaeger: ["golang.org/x/net", "golang.org/x/text", "google.golang.org/protobuf"],
  otelcol: ["golang.org/x/net", "google.golang.org/grpc", "google.golang.org/protobuf", "go.opentelemetry.io/otel"],
  loki: ["k8s.io/client-go", "google.golang.org/protobuf", "golang.org/x/net", "google.golang.org/grpc"],
};

describe("versions that groups of programs share with the core", () => {
  const core = versionsOf("core");
  for (const [group, modules] of Object.entries(shared)) {
    it(`are the same in ${group}`, () => {
      const own = versionsOf(group as GroupName);
      const pick = (versions: Map<string, string>) => modules.map((module) => `${module} ${versions.get(module)}`);
      assert.deepEqual(pick(own), pick(core));
    });
  }
});

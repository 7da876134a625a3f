import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { GroupName } from "./groups";

/** The versions that a go.mod asks for, and those that replace them. */
function versionsOf(group: GroupName): (module: string) => string {
  const text = readFileSync(join(__dirname, group, "go.mod"), "utf8");
  const lines = text.split("\n").map((line) =>
    line
      .trim()
      .replace(/^(require|replace) /, "")
      .split(/\s+/),
  );
  const asked = new Map(lines.flatMap(([path, version]) => (version?.startsWith("v") ? [[path, version]] : [])));
  const used = new Map(lines.flatMap((words) => (words.includes("=>") ? [[words[0], words.at(-1)]] : [])));
  return (module) => `${module} ${asked.get(module)} => ${used.get(module)}`;
}

/**
 * What each group shares with the core. Go compiles a package once if its version, asked for and replaced, and that of
 * all that it imports are the same; to change one of these in one go.mod alone makes a first start compile hundreds of
 * packages twice.
 */
const shared: Partial<Record<GroupName, string[]>> = {
  etcd: ["golang.org/x/net", "google.golang.org/grpc", "google.golang.org/protobuf", "go.opentelemetry.io/otel"],
  "local-path": ["k8s.io/client-go", "k8s.io/api", "github.com/fxamacker/cbor/v2", "golang.org/x/net"],
  fortio: ["golang.org/x/net", "google.golang.org/grpc", "google.golang.org/protobuf"],
  pulumi: ["github.com/envoyproxy/go-control-plane/envoy", "google.golang.org/grpc", "golang.org/x/net"],
  "pulumi-languages": ["google.golang.org/grpc", "golang.org/x/net", "golang.org/x/crypto"],
  "pulumi-kubernetes": ["k8s.io/api", "k8s.io/client-go", "k8s.io/kubectl", "helm.sh/helm/v3", "golang.org/x/net"],
  ratelimit: ["github.com/envoyproxy/go-control-plane/envoy", "google.golang.org/grpc", "golang.org/x/net"],
  "istio-cni": ["istio.io/istio", "k8s.io/client-go", "github.com/fxamacker/cbor/v2", "golang.org/x/net"],
  prometheus: ["k8s.io/api", "k8s.io/client-go", "golang.org/x/net", "golang.org/x/text"],
  jaeger: ["golang.org/x/net", "golang.org/x/text", "google.golang.org/protobuf"],
  otelcol: ["golang.org/x/net", "google.golang.org/grpc", "google.golang.org/protobuf", "go.opentelemetry.io/otel"],
  loki: ["k8s.io/client-go", "google.golang.org/protobuf", "golang.org/x/net", "google.golang.org/grpc"],
};

describe("versions that groups of programs share with the core", () => {
  const core = versionsOf("core");
  for (const [group, modules] of Object.entries(shared)) {
    it(`are the same in ${group}`, () => {
      assert.deepEqual(modules.map(versionsOf(group as GroupName)), modules.map(core));
    });
  }
});

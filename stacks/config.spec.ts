import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import fc from "fast-check";
import {
  asProgramConfig,
  projectFolder,
  readProject,
  readStackFile,
  withSettings,
} from "../commands/session/stackFiles";
import { istioChartRepo } from "../components/versions";
import { configNamespace, knownConfigKeys, parseConfig } from "./config";
import { ConfigError } from "./configError";

/** Parses config given without namespace; what is no text is written as Pulumi writes it. */
function parse(config: Record<string, unknown>) {
  const raw = Object.entries(config).map(([key, value]) => [
    `${configNamespace}:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return parseConfig(Object.fromEntries(raw) as Record<string, string>);
}

/** @returns the mistakes in a config, as `key: fix`. */
function problemsOf(config: Record<string, unknown>): string[] {
  try {
    parse(config);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map(({ key, fix }) => `${key}: ${fix}`);
  }
  return [];
}

describe("parseConfig", () => {
  it("gives the article's two services on a local cluster when nothing is set", () => {
    const config = parse({});
    assert.equal(config.profile.name, "dev");
    assert.equal(config.namespace, "demo");
    assert.deepEqual(
      config.services.map(({ serviceName, path, args, replicas, port }) => ({
        serviceName,
        path,
        args,
        replicas,
        port,
      })),
      [
        {
          serviceName: "user-service",
          path: "/user",
          args: ["-listen=:8080", "-text=Hello from User Service"],
          replicas: 1,
          port: 8080,
        },
        {
          serviceName: "payment-service",
          path: "/payment",
          args: ["-listen=:8080", "-text=Hello from Payment Service"],
          replicas: 1,
          port: 8080,
        },
      ],
    );
    assert.equal(config.gateway.serviceType, "NodePort");
    assert.equal(config.istio.tag, config.istio.version);
  });

  it("agrees with the defaults that Pulumi.yaml declares", () => {
    const project = readProject();
    assert.equal(project.name, configNamespace);
    assert.deepEqual(Object.keys(project.keys).sort(), knownConfigKeys().sort());
    assert.deepEqual(parseConfig(asProgramConfig({}, project)), parse({}));
    for (const [key, { type, description, ...rest }] of Object.entries(project.keys)) {
      assert.ok(type, `${key} has a type`);
      assert.ok(description, `${key} has a description`);
      assert.ok("default" in rest, `${key} has a default: Pulumi asks for keys without one`);
    }
  });

  for (const stack of ["dev", "prod", "sandbox"]) {
    it(`accepts Pulumi.${stack}.yaml`, () => {
      const { config } = readStackFile(stack) as { config: Record<string, unknown> };
      // The embedded cluster's own files are there once it was started.
      const files: Record<string, string> =
        stack === "sandbox" ? { kubeconfig: "auto", istioCharts: istioChartRepo } : {};
      const { profile } = parseConfig(asProgramConfig(withSettings(config, files, readProject()), readProject()));
      assert.equal(profile.name, stack === "sandbox" ? "dev" : stack);
    });
  }

  it("runs nothing once in prod, and scales", () => {
    const { services, gateway, profile } = parse({ profile: "prod" });
    assert.ok(
      services.every(({ replicas, minAvailable, autoscaling }) => replicas! > 1 && minAvailable && autoscaling),
    );
    assert.equal(gateway.serviceType, "LoadBalancer");
    assert.ok(profile.istio.istiodScaling.replicas > 1);
  });

  it("takes a service's own replicas as they are: no autoscaler, no budget that can't be met", () => {
    const [service] = parse({ profile: "prod", services: [{ name: "a", replicas: 1 }] }).services;
    assert.deepEqual([service?.replicas, service?.autoscaling, service?.minAvailable], [1, undefined, undefined]);
  });

  it("lets another image take the echo's place, with none of the echo's arguments", () => {
    const [service] = parse({ services: [{ name: "a", image: "nginx:1.29", port: 80, env: { A: "b" } }] }).services;
    assert.equal(service?.image, "nginx:1.29");
    assert.deepEqual([service?.args, service?.probePath, service?.env], [undefined, undefined, { A: "b" }]);
  });

  it("takes a call for an edge: the callee lets the caller in", () => {
    const calls = [
      { path: "/a/x", service: "b" },
      { path: "/a/y", service: "c" },
    ];
    const [a, b, c] = parse({
      services: [
        { name: "a", port: 8091, calls },
        { name: "b", allowFrom: ["a"] },
        { name: "c", allowFrom: ["b"] },
      ],
    }).services;
    assert.deepEqual(
      a!.calls.map(({ path, service, port }) => [path, service, port]),
      [
        ["/a/x", "b", 8092],
        ["/a/y", "c", 8093],
      ],
    );
    assert.deepEqual([b!.allowFrom, c!.allowFrom], [[{ service: "a" }], [{ service: "b" }, { service: "a" }]]);
  });

  it("shows in the default stack a service that writes files: callers log the load generator's requests", () => {
    const logged = (config: Record<string, unknown>) => parse(config).services.map(({ logFiles }) => logFiles?.folder);
    assert.deepEqual(logged({}), ["/var/log/calls", undefined]);
    assert.deepEqual(logged({ loadGenerator: "false" }), [undefined, undefined]);
    assert.deepEqual(logged({ logsBackend: "none" }), [undefined, undefined]);
    assert.deepEqual(logged({ profile: "prod" }), [undefined, undefined]);
    const caller = { name: "a", path: "/a", calls: [{ path: "/a/b", service: "b" }] };
    const calling = (own: object) =>
      logged({
        services: [
          { ...caller, ...own },
          { name: "b", path: "/b" },
        ],
      });
    assert.deepEqual(calling({}), ["/var/log/calls", undefined]);
    assert.deepEqual(calling({ logFiles: { folder: "/var/log/a" } }), ["/var/log/a", undefined]);
    // Its rotator runs as the service's user, and could not empty files of the sender.
    assert.deepEqual(calling({ user: 1000 }), [undefined, undefined]);
  });

  it("takes names that every JavaScript object has for names like any other", () => {
    const services = ["constructor", "to-string"].map((name) => ({ name, path: `/${name}` }));
    assert.deepEqual(
      parse({ services }).services.map(({ serviceName }) => serviceName),
      ["constructor", "to-string"],
    );
  });

  it("lists every mistake at once, and says that nothing was changed", () => {
    const broken = {
      profile: "prd",
      namespace: "Demo",
      gatewayHttpNodePort: 80,
      services: [{ name: "a" }, { name: "a", port: 0 }],
    };
    assert.throws(
      () => parse(broken),
      (error: Error) => {
        assert.match(error.message, /^the configuration has 5 problems; nothing was changed\n/);
        assert.match(error.message, /profile = "prd": use one of dev, prod; did you mean prod\?/);
        assert.match(error.message, /services\[1\]\.name = "a": services\[0\] has this name already/);
        return true;
      },
    );
  });

  const mistakes: [string, Record<string, unknown>, RegExp][] = [
    ["an unknown profile", { profile: "development" }, /^profile: use one of dev, prod/],
    ["a typo in a key", { namespce: "demo" }, /^namespce: no such key; did you mean namespace\?/],
    ["a key far from any other", { zzzzzzzzzzzz: "1" }, /^zzzzzzzzzzzz: no such key; remove it/],
    ["a namespace that is Istio's", { namespace: "istio-system" }, /^namespace: the cluster or this stack uses it/],
    ["a namespace with capitals", { namespace: "Demo" }, /^namespace: use a DNS label/],
    ["a chart folder that is not there", { istioCharts: "/no/such/folder" }, /^istioCharts: no such folder/],
    ["a version that pins nothing", { istioVersion: "latest" }, /^istioVersion: use a full version/],
    ["a hub with a scheme", { istioHub: "https://x/istio" }, /^istioHub: use registry\/path/],
    ["a tag with a space", { istioTag: "1 2" }, /^istioTag: use an image tag/],
    ["a revision with dots", { istioRevision: "1.30" }, /^istioRevision: use a DNS label/],
    ["mesh config that is a list", { istioMeshConfig: [1] }, /^istioMeshConfig: use an object/],
    ["mesh config that is no JSON", { istioMeshConfig: "{" }, /^istioMeshConfig: not readable as JSON/],
    ["a flag that is neither true nor false", { egressGateway: "yes" }, /^egressGateway: use one of true, false/],
    [
      "an unknown service type",
      { gatewayServiceType: "Nodeport" },
      /^gatewayServiceType: use one of .*did you mean NodePort\?/,
    ],
    ["a node port out of range", { gatewayHttpNodePort: 8080 }, /^gatewayHttpNodePort: use a whole number from 30000/],
    ["a node port with a fraction", { gatewayHttpsNodePort: "30443.5" }, /^gatewayHttpsNodePort: use a whole number/],
    [
      "one node port for both",
      { gatewayHttpNodePort: 30443 },
      /^gatewayHttpsNodePort: gatewayHttpNodePort is the same/,
    ],
    ["an address with a scheme", { gatewayAddress: "http://x" }, /^gatewayAddress: use host or host:port/],
    ["a host with a path", { gatewayHosts: ["x/y"] }, /^gatewayHosts\[0\]: use a host name/],
    ["no hosts", { gatewayHosts: [] }, /^gatewayHosts: name at least one host/],
    ["hosts that are no list", { gatewayHosts: { a: 1 } }, /^gatewayHosts: use a list of texts/],
    ["a secret's name that can't be", { gatewayTlsSecret: "My Cert" }, /^gatewayTlsSecret: use the name/],
    ["an unknown kind of cluster", { clusterKind: "k3s" }, /^clusterKind: use one of kind, minikube/],
    ["no services", { services: [] }, /^services: declare at least one/],
    ["services that are texts", { services: ["a"] }, /^services: use a list of objects/],
    ["a service without a name", { services: [{ text: "x" }] }, /^services\[0\]\.name: give every service a name/],
    [
      "a service that is no DNS label",
      { services: [{ name: "user_service" }] },
      /^services\[0\]\.name: use a DNS label/,
    ],
    ["a service name with a digit first", { services: [{ name: "1a" }] }, /^services\[0\]\.name: use a DNS label/],
    [
      "two services of one name",
      { services: [{ name: "a" }, { name: "a" }] },
      /^services\[1\]\.name: services\[0\] has this name/,
    ],
    [
      "two equal paths",
      {
        services: [
          { name: "a", path: "/x" },
          { name: "b", path: "/x" },
        ],
      },
      /^services\[1\]\.path: services\[0\] has this path/,
    ],
    ["a path without its slash", { services: [{ name: "a", path: "x" }] }, /^services\[0\]\.path: start with \//],
    [
      "a path with a slash at the end",
      { services: [{ name: "a", path: "/x/" }] },
      /^services\[0\]\.path: start with \//,
    ],
    [
      "a port out of range",
      { services: [{ name: "a", port: 65536 }] },
      /^services\[0\]\.port: use a whole number from 1 to 65535/,
    ],
    ["a port as text", { services: [{ name: "a", port: "80" }] }, /^services\[0\]\.port: use a whole number/],
    ["negative replicas", { services: [{ name: "a", replicas: -1 }] }, /^services\[0\]\.replicas: use a whole number/],
    [
      "a typo in a service's key",
      { services: [{ name: "a", replica: 1 }] },
      /^services\[0\]\.replica: no such key; did you mean replicas\?/,
    ],
    [
      "a key of Kubernetes' own",
      { services: [{ name: "a", containerPort: 80 }] },
      /^services\[0\]\.containerPort: no such key; known are name, text, path, /,
    ],
    [
      "a text for an image that does not echo",
      { services: [{ name: "a", image: "b:1", text: "c" }] },
      /^services\[0\]\.text: the text is for the default image/,
    ],
    [
      "arguments that are no texts",
      { services: [{ name: "a", args: [1] }] },
      /^services\[0\]\.args: use a list of texts/,
    ],
    [
      "an environment that is no map",
      { services: [{ name: "a", env: ["A=b"] }] },
      /^services\[0\]\.env: use an object of variables/,
    ],
    [
      "resources that can't be read",
      { services: [{ name: "a", resources: { requests: { cpu: "lots" } } }] },
      /^services\[0\]\.resources\.requests\.cpu: use an amount/,
    ],
  ];
  for (const [title, config, expected] of mistakes) {
    it(`refuses ${title}`, () => {
      const problems = problemsOf(config);
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0]!, expected);
    });
  }

  it("does not show what is secret", () => {
    const raw = { [`${configNamespace}:services`]: '[{"name":"a","env":{"TOKEN":7}}]', [`${configNamespace}:x`]: "1" };
    assert.throws(
      () => parseConfig(raw, (key) => key === `${configNamespace}:services`),
      (error: Error) => /services\[0\]\.env\.TOKEN = "\[secret\]"/.test(error.message) && /x = "1"/.test(error.message),
    );
  });

  it("shows no password of a URL, neither in the message nor in what Node prints of the error", () => {
    const services = [
      { name: "a", path: "/a", extAuthz: { url: "http://me:hunter2@authz" }, env: ["x://me:hunter2@y"] },
    ];
    const urls = { metricsUrl: "https://me:hunter2@p", metricsRemoteWrite: ["https://me:hunter2@w"] };
    assert.throws(
      () => parse({ services, ...urls }),
      (error: Error) =>
        !inspect(error, { depth: null }).includes("hunter2") && /"https:\/\/\*\*\*@p"/.test(error.message),
    );
  });

  it("leaves the engine's own config alone, and refuses keys that nothing reads", () => {
    parseConfig({ "pulumi:tags": "{}", "kubernetes:renderYamlToDirectory": "manifests" });
    const said = (key: string) => {
      try {
        parseConfig({ [key]: "x" });
      } catch (error) {
        return String((error as Error).message)
          .split("\n")
          .slice(1)
          .join()
          .trim();
      }
      return "";
    };
    assert.equal(
      said("kubernetes:context"),
      'kubernetes:context = "x": nothing reads this key; write sidecar-mesh:kubeContext',
    );
    assert.equal(
      said("sidecarmesh:profile"),
      'sidecarmesh:profile = "x": nothing reads this key; write sidecar-mesh:profile',
    );
    assert.equal(said("aws:region"), 'aws:region = "x": no such key; this program reads sidecar-mesh: keys alone');
  });

  it("never crashes, whatever is set (property)", () => {
    const key = fc.constantFrom(...knownConfigKeys());
    const value = fc.oneof(fc.string(), fc.json(), fc.integer().map(String));
    fc.assert(
      fc.property(fc.dictionary(key, value), (config) => {
        const namespaced = Object.entries(config).map(([k, v]) => [`${configNamespace}:${k}`, v]);
        try {
          parseConfig(Object.fromEntries(namespaced) as Record<string, string>);
        } catch (error) {
          assert.ok(error instanceof ConfigError, String(error));
        }
      }),
    );
  });

  it("never crashes on any list of services, and gives only services that can be (property)", () => {
    const service = fc.record(
      {
        name: fc.oneof(fc.constantFrom("a", "b-c", "A", ""), fc.jsonValue()),
        path: fc.oneof(fc.constantFrom("/a", "/a/b", "a"), fc.jsonValue()),
        port: fc.oneof(fc.integer({ min: -1, max: 70000 }), fc.jsonValue()),
        replicas: fc.oneof(fc.integer({ min: -1, max: 10 }), fc.jsonValue()),
        resources: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(service, { maxLength: 4 }), (services) => {
        try {
          const parsed = parse({ services }).services;
          assert.equal(new Set(parsed.map(({ serviceName }) => serviceName)).size, parsed.length);
          assert.ok(parsed.every(({ port }) => port >= 1 && port <= 65535));
        } catch (error) {
          assert.ok(error instanceof ConfigError, String(error));
        }
      }),
    );
  });
});

describe("chart folder", () => {
  it("is refused when charts are missing, by name", () => {
    const folder = mkdtempSync(join(tmpdir(), "charts-"));
    try {
      assert.match(problemsOf({ istioCharts: folder })[0]!, /this folder lacks the chart base, istiod, gateway/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("Pulumi.yaml", () => {
  it("names the Istio version that the program would take", () => {
    const yaml = readFileSync(join(projectFolder, "Pulumi.yaml"), "utf8");
    assert.ok(yaml.includes(`default: ${parse({}).istio.version}`));
  });
});

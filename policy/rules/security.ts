/** Mutual TLS, authentication and authorization. */
import { systemNamespace } from "../mesh/names";
import { fqdn, serviceOf } from "../mesh/hosts";
import { isInMesh, isIstioComponent, simulateInjection } from "../mesh/injection";
import { isExcluded, portNumber, servedPorts } from "../mesh/protocols";
import { containersOf, type Mesh } from "../mesh/mesh";
import {
  type MutualTls,
  namespaceMode,
  workloadMode,
  selectorOf,
  targetReferences,
  type WorkloadPolicy,
} from "../mesh/policies";
import { keyed } from "../mesh/resource";
import { gatewayReference, meshGateway } from "../mesh/routes";
import { isEmpty, matchesGlob, selectorText, selects } from "../mesh/selectors";
import { eachOf, eachWorkload, rule } from "../rule";

export const mtlsModesAgree = rule({
  name: "mtls-modes-agree",
  description: "A DestinationRule's TLS mode is one that the PeerAuthentication of its host accepts.",
  rationale:
    "A server in STRICT mode refuses a client that sends plain text. A server with mutual TLS disabled refuses a client " +
    "that sends mutual TLS. Connections are reset, and callers get 503.",
  fix: "Remove the TLS mode from the DestinationRule (Istio then chooses it by itself), or change the PeerAuthentication.",
  codes: ["KIA0207", "KIA0205", "KIA0206", "KIA0208", "KIA0505", "KIA0506"],
  source: "reference/config/security/peer_authentication/",
  check: eachOf("DestinationRule", (rule, { mesh, settings, report }) => {
    const { host = "", trafficPolicy, subsets = [] } = rule.fields.spec ?? {};
    const full = fqdn(host, rule.namespace);
    const wide = /^\*(?:\.([\w-]+)\.svc\.cluster\.local|\.local|\.cluster\.local|\.svc\.cluster\.local)?$/.exec(full);
    /** The modes of the servers, and whether the rule is for a service, a namespace or the mesh. */
    const servers = (port?: number): MutualTls[] => {
      if (wide !== null) {
        return [namespaceMode(mesh, wide[1] ?? mesh.rootNamespace) ?? []].flat();
      }
      const service = mesh.service(host, rule.namespace);
      return service === undefined
        ? []
        : mesh.behind(service).flatMap((workload) => {
            // Pods outside the mesh have no proxy that a policy holds for.
            if (isInMesh(mesh, workload, settings) === false) {
              return [];
            }
            const served = servedPorts(mesh, workload).filter((one) => one.service === service);
            const reached = served.filter((one) => port === undefined || one.port === port);
            // Ports that are excluded are not the proxy's: no mode holds for them.
            const open = reached.filter(({ target }) => target === undefined || !isExcluded(workload, target));
            return open.length === 0 && reached.length > 0
              ? []
              : (workloadMode(mesh, workload, port === undefined ? undefined : (open[0]?.target ?? port)) ?? []);
          });
    };
    const check = (mode: string | undefined, field: string, port?: number): void => {
      if (mode === undefined) {
        return;
      }
      const encrypts = mode === "ISTIO_MUTUAL";
      const clash = servers(port).find((server) => server.mode === (encrypts ? "DISABLE" : "STRICT"));
      if (clash !== undefined) {
        const scope = wide === null || wide[1] !== undefined;
        report(rule, {
          field,
          message: `The TLS mode for clients of ${host} is ${mode}, but PeerAuthentication ${clash.policy.namespace}/${clash.policy.name} sets ${clash.mode}: connections are refused.`,
          fix: encrypts
            ? "Allow mutual TLS there, or remove the mode here."
            : "Remove the mode here, or set ISTIO_MUTUAL.",
          code: encrypts ? (scope ? "KIA0206" : "KIA0205") : scope ? "KIA0207" : "KIA0208",
        });
      }
    };
    const policies = [
      { policy: trafficPolicy, field: "spec.trafficPolicy" },
      ...subsets.map((subset, i) => ({ policy: subset.trafficPolicy, field: `spec.subsets[${i}].trafficPolicy` })),
    ];
    for (const { policy, field } of policies) {
      check(policy?.tls?.mode, `${field}.tls.mode`);
      policy?.portLevelSettings?.forEach(({ port, tls }, i) =>
        check(tls?.mode, `${field}.portLevelSettings[${i}].tls.mode`, port?.number),
      );
    }
  }),
});

export const strictMtlsHasProxy = rule({
  name: "strict-mtls-has-proxy",
  description: "A server for which mutual TLS is STRICT has a proxy that enforces it.",
  rationale: "Without a proxy nothing refuses plain text: the server looks protected and is open to every pod.",
  fix: "Have the server injected, or take it out of the policy's reach.",
  codes: ["KIA0501"],
  source: "reference/config/security/peer_authentication/",
  check: eachWorkload((workload, { mesh, settings, report }) => {
    const { resource, namespace } = workload;
    if (isIstioComponent(workload) || mesh.servicesOf(workload).length === 0) {
      return;
    }
    const mtls = workloadMode(mesh, workload);
    if (mtls?.mode !== "STRICT") {
      return;
    }
    const { injected, cause } = simulateInjection(mesh, workload, settings);
    // A policy for the whole mesh does not mean namespaces that are kept out of it, nor the control plane's own, where
    // it is declared.
    const wide = mtls.policy.namespace === mesh.rootNamespace && selectorOf(mtls.policy) === undefined;
    const outside = [
      ...["namespace-opted-out", "ambient", "ignored-namespace"],
      ...(namespace === mesh.rootNamespace ? ["namespace-unlabelled"] : []),
    ];
    const meant = (!wide && mtls.policy.namespace === namespace) || !outside.includes(cause);
    if (injected === false && cause !== "ambient" && meant) {
      report(resource, {
        field: "metadata.namespace",
        message: `PeerAuthentication ${mtls.policy.namespace}/${mtls.policy.name} sets STRICT, but its pods have no sidecar to enforce it (${cause.replaceAll("-", " ")}).`,
        fix: "Have its pods injected, or take them out of the policy.",
      });
    }
  }),
});

export const tlsVerifiesServer = rule({
  name: "tls-verifies-server",
  description: "A DestinationRule with TLS mode SIMPLE or MUTUAL names the CA certificates that verify the server.",
  rationale:
    "Without caCertificates the proxy verifies the server with the public authorities of its image, so that it refuses a server of a private " +
    "one; Istio before 1.20 verified nothing. With insecureSkipVerify it takes any certificate.",
  fix: "Set `caCertificates`, or `credentialName` together with a workloadSelector.",
  level: "advisory",
  codes: ["IST0128", "IST0129"],
  source: "reference/config/networking/destination-rule/",
  check: eachOf("DestinationRule", (rule, { report }) => {
    const { host, trafficPolicy, workloadSelector } = rule.fields.spec ?? {};
    const check = (tls: NonNullable<typeof trafficPolicy>["tls"], field: string, code: string): void => {
      const { mode, caCertificates, credentialName, insecureSkipVerify } = tls ?? {};
      const verified = caCertificates || (credentialName && workloadSelector !== undefined);
      if (mode !== "SIMPLE" && mode !== "MUTUAL") {
        return;
      }
      if (insecureSkipVerify === true) {
        report(rule, {
          field: `${field}.insecureSkipVerify`,
          message: `TLS mode ${mode} to ${host} takes any server's certificate.`,
          fix: "Remove insecureSkipVerify, and set caCertificates.",
          code,
        });
      } else if (!verified) {
        report(rule, {
          field,
          message: `TLS mode ${mode} to ${host} without caCertificates verifies the server with public authorities alone.`,
          fix: "Set caCertificates, such as /etc/ssl/certs/ca-certificates.crt, or those of a private authority.",
          code,
        });
      }
    };
    check(trafficPolicy?.tls, "spec.trafficPolicy.tls", "IST0128");
    trafficPolicy?.portLevelSettings?.forEach(({ tls }, i) =>
      check(tls, `spec.trafficPolicy.portLevelSettings[${i}].tls`, "IST0129"),
    );
  }),
});

/** The namespaces in which charts or a standard installation have workloads, whose accounts are not declared. */
function namespacesOfCharts(mesh: Mesh): ReadonlySet<string> {
  return mesh.once(
    "namespaces of charts",
    () =>
      new Set(
        mesh.workloads.flatMap((one) => (one.assumed || one.resource.installedBy !== undefined ? [one.namespace] : [])),
      ),
  );
}

const principal = /^(?:spiffe:\/\/)?[^/*]+\/ns\/([^/*]+)\/sa\/([^/*]+)$/;

export const authzTargetsExist = rule({
  name: "authz-targets-exist",
  description: "An AuthorizationPolicy's selector, namespaces, hosts and principals name things that are declared.",
  rationale: "A policy that selects nothing protects nothing, and a rule with a misspelt caller allows no caller.",
  fix: "Correct the name, or declare what it refers to.",
  codes: ["IST0127", "IST0101", "KIA0101", "KIA0104", "KIA0106"],
  check({ mesh, settings, each, missing }) {
    const real = mesh.workloads.filter(({ assumed }) => !assumed);
    const accounts = mesh.of("ServiceAccount");
    const names = new Set(mesh.namespaces.map(({ name }) => name.toLowerCase()));
    const hosts = mesh.declaresHosts;
    each(mesh.of("AuthorizationPolicy"), (policy) => {
      const { selector, targetRef, targetRefs, rules = [] } = policy.fields.spec ?? {};
      const { namespace } = policy;
      const labels = selector?.matchLabels;
      const wide = namespace === mesh.rootNamespace;
      if (
        targetRef === undefined &&
        targetRefs === undefined &&
        !(wide && isEmpty(labels)) &&
        !mesh.isOpaque(namespace)
      ) {
        // In a namespace that is not declared beside others that are, a pod is in the mesh or not: nothing says which.
        let undecided = false;
        const targets = mesh.selectedBy(labels, wide ? undefined : namespace).filter((workload) => {
          const { injected, cause } = simulateInjection(mesh, workload, settings);
          const beyond = workload.assumed || workload.resource.installedBy !== undefined || cause === "ambient";
          const unlabelled = injected === undefined && mesh.namespaces.length > 0;
          undecided ||= unlabelled;
          return beyond || (injected !== false && !unlabelled);
        });
        if (targets.length === 0) {
          const which = isEmpty(labels) ? "" : ` with the labels ${selectorText(labels)}`;
          missing(real.length > 0 && !undecided && !mesh.mayBeMade(namespace), policy, {
            field: isEmpty(labels) ? "metadata.namespace" : "spec.selector.matchLabels",
            message: `No workload of the mesh${which} is in ${wide ? "any namespace" : `namespace ${namespace}`}, so the policy protects nothing.`,
            fix: "Correct the labels or the namespace.",
          });
        }
      }
      rules.forEach(({ from = [], to = [] }, i) => {
        from.forEach(({ source = {} }, j) => {
          for (const key of ["namespaces", "notNamespaces"] as const) {
            source[key]?.forEach((name, k) => {
              const known =
                name === "*" ||
                names.has(name.toLowerCase()) ||
                (name.includes("*") && [...names].some((one) => matchesGlob(name.toLowerCase(), one)));
              if (!known && mesh.namespace(name) === undefined) {
                missing(mesh.namespaces.length > 0, policy, {
                  field: `spec.rules[${i}].from[${j}].source.${key}[${k}]`,
                  message: `The rule names namespace ${name}, which is not declared.`,
                  fix: "Correct the name, or declare the namespace.",
                  code: "IST0101",
                });
              }
            });
          }
          for (const key of ["principals", "notPrincipals"] as const) {
            source[key]?.forEach((name, k) => {
              const [, of = "", account = ""] = principal.exec(name) ?? [];
              const installed = namespacesOfCharts(mesh).has(of);
              const declared =
                account === "" ||
                account === "default" ||
                installed ||
                mesh.isOpaque(of) ||
                mesh.find("ServiceAccount", "", of, account) !== undefined;
              if (!declared) {
                missing(accounts.length > 0, policy, {
                  field: `spec.rules[${i}].from[${j}].source.${key}[${k}]`,
                  message: `The rule names the service account ${of}/${account}, which is not declared.`,
                  fix: "Correct the principal (trust domain/ns/namespace/sa/account), or declare the account.",
                  code: "KIA0106",
                });
              }
            });
          }
        });
        to.forEach(({ operation = {} }, j) => {
          for (const key of ["hosts", "notHosts"] as const) {
            operation[key]?.forEach((host, k) => {
              const plain = host.replace(/:\d+$/, "");
              // Only a name of the cluster can be found missing: names that clients use from outside are not declared.
              const service = serviceOf(fqdn(plain, namespace));
              if (
                service !== undefined &&
                plain !== "" &&
                !plain.includes("*") &&
                mesh.host(plain, namespace) === undefined
              ) {
                missing(hosts, policy, {
                  field: `spec.rules[${i}].to[${j}].operation.${key}[${k}]`,
                  message: `The rule names the host ${host}, which no Service or ServiceEntry declares.`,
                  fix: "Correct the host.",
                  code: "KIA0104",
                });
              }
            });
          }
        });
      });
    });
  },
});

const claim = /^@request\.auth\.claims[.[]/i;

export const jwtRouteHasAuthn = rule({
  name: "jwt-route-has-authn",
  description: "A gateway whose routes match claims of a JWT has a RequestAuthentication.",
  rationale: "Without it the gateway does not read tokens: there are no claims, and the match never applies.",
  fix: "Declare a RequestAuthentication whose selector takes the gateway's pods.",
  codes: ["IST0149"],
  check({ mesh, each, missing }) {
    const authentications = mesh.of("RequestAuthentication");
    each(mesh.virtualServices, (route) => {
      const { http = [], gateways = [] } = route.fields.spec ?? {};
      const used = http
        .flatMap(({ match = [] }, i) =>
          match.flatMap((one, j) =>
            (["headers", "withoutHeaders"] as const).flatMap((where) =>
              Object.keys(one[where] ?? {}).map((key) => ({
                key,
                field: `spec.http[${i}].match[${j}].${where}`,
              })),
            ),
          ),
        )
        .find(({ key }) => claim.test(key));
      if (used === undefined) {
        return;
      }
      for (const reference of gateways.filter((name) => name !== meshGateway)) {
        const { namespace, name } = gatewayReference(reference, route.namespace);
        const gateway = mesh.istioGateway(namespace, name);
        const bare =
          gateway === undefined
            ? []
            : mesh
                .selectedBy(gateway.fields.spec?.selector)
                .filter(
                  (workload) =>
                    !authentications.some(
                      (one) =>
                        [mesh.rootNamespace, workload.namespace].includes(one.namespace) &&
                        (one.fields.spec?.targetRefs !== undefined ||
                          selects(one.fields.spec?.selector?.matchLabels, workload.labels)),
                    ),
                );
        if (bare.length > 0) {
          missing(bare.some(({ assumed }) => !assumed) || authentications.length > 0, route, {
            field: used.field,
            message: `The route matches ${used.key}, but no RequestAuthentication applies to the pods of gateway ${namespace}/${name}.`,
            fix: "Declare one that selects the gateway's pods, in their namespace or in the root namespace.",
          });
        }
      }
    });
  },
});

export const jwksUriRestricted = rule({
  name: "jwks-uri-restricted",
  description: "Where there are RequestAuthentications, istiod has BLOCKED_CIDRS_IN_JWKS_URIS set.",
  rationale: "Otherwise a user who may write a RequestAuthentication can make istiod call any address of the network.",
  fix: "Set the environment variable of istiod to the ranges that it must not call.",
  codes: ["IST0175"],
  check({ mesh, each, report }) {
    const users = mesh.of("RequestAuthentication").length;
    each(mesh.workloads, (workload) => {
      const { resource } = workload;
      if (users === 0 || resource.kind !== "Deployment" || resource.labels["app"] !== "istiod") {
        return;
      }
      const set = containersOf(workload).some(({ container }) =>
        container.env?.some(
          ({ name, value }) => name === "BLOCKED_CIDRS_IN_JWKS_URIS" && value !== undefined && value !== "",
        ),
      );
      if (!set) {
        report(resource, {
          field: "spec.template.spec.containers",
          message: `It may fetch keys from any address that one of ${users} RequestAuthentications names.`,
          fix: "Set BLOCKED_CIDRS_IN_JWKS_URIS.",
        });
      }
    });
  },
});

export const probePassesStrictMtls = rule({
  name: "probe-passes-strict-mtls",
  description: "A probe of a workload with STRICT mutual TLS is rewritten to pass the proxy's agent.",
  rationale:
    "The kubelet has no certificate of the mesh. Where probes are not rewritten, the proxy refuses them, and the kubelet restarts the pod.",
  fix: "Leave the rewriting of probes on, or exclude the port of the probe from the proxy.",
  source: "ops/configuration/mesh/app-health-check/",
  check({ mesh, settings, each, report }) {
    const name = "sidecar.istio.io/rewriteAppHTTPProbers";
    each(mesh.workloads, (workload) => {
      const { resource, annotations, prefix } = workload;
      const { injected, revision } = simulateInjection(mesh, workload, settings);
      const injector = mesh.injectors.find((one) => one.revision === revision || one.tags.includes(revision ?? ""));
      const own = annotations[name];
      const rewritten = own === undefined ? (injector?.rewriteProbes ?? true) : own !== "false";
      if (rewritten || injected === false || isIstioComponent(workload)) {
        return;
      }
      for (const { container, field } of containersOf(workload)) {
        for (const kind of ["livenessProbe", "readinessProbe", "startupProbe"] as const) {
          const probe = container[kind];
          const port = portNumber(workload, probe?.httpGet?.port ?? probe?.grpc?.port);
          const mtls = port === undefined ? undefined : workloadMode(mesh, workload, port);
          if (port !== undefined && mtls?.mode === "STRICT" && !isExcluded(workload, port)) {
            report(resource, {
              field: own === undefined ? `${field}.${kind}` : keyed(`${prefix}metadata.annotations`, name),
              message: `The ${kind} of container ${container.name} is not rewritten, and PeerAuthentication ${mtls.policy.namespace}/${mtls.policy.name} sets STRICT: the kubelet has no certificate, so the probe fails and the pod restarts.`,
              fix: `Remove ${name}: "false", or exclude port ${port} with traffic.sidecar.istio.io/excludeInboundPorts.`,
            });
          }
        }
      }
    });
  },
});

export const excludedPortPlain = rule({
  name: "excluded-port-plain",
  description: "Clients of a port that is excluded from the proxy send plain text to it.",
  rationale:
    "Clients of the mesh send mutual TLS to each pod that has a proxy. On an excluded port the application gets it, " +
    "which reads plain text: the connection fails. And no policy holds for that port.",
  fix: "Remove the port from the exclusion, or switch TLS off for it with a DestinationRule.",
  source: "reference/config/security/peer_authentication/",
  check({ mesh, settings, each, report }) {
    const name = "traffic.sidecar.istio.io/excludeInboundPorts";
    each(mesh.workloads, (workload) => {
      const { resource, annotations, prefix } = workload;
      const excluded = (annotations[name] ?? "")
        .split(",")
        .map((item) => Number(item.trim()))
        .filter(Boolean);
      if (excluded.length === 0 || simulateInjection(mesh, workload, settings).injected !== true) {
        return;
      }
      const served = servedPorts(mesh, workload);
      for (const port of excluded) {
        const reached = served.filter(({ target }) => target === port);
        const mistaken = reached.length === 0 ? served.find((one) => one.port === port) : undefined;
        if (mistaken !== undefined) {
          report(resource, {
            field: keyed(`${prefix}metadata.annotations`, name),
            message: `${port} is the port of Service ${mistaken.service.name}, which leads to ${mistaken.target ?? "another port"} of the container: nothing is excluded.`,
            fix: mistaken.target === undefined ? "Write the port of the container." : `Write ${mistaken.target}.`,
          });
        }
        for (const { service, port: of } of reached) {
          const host = fqdn(service.name, service.namespace);
          const plain = mesh.rulesMatching(host).some((one) => {
            const { tls, portLevelSettings = [] } = one.fields.spec?.trafficPolicy ?? {};
            const own = portLevelSettings.find((setting) => setting.port?.number === of);
            return (
              (own === undefined ? tls : own.tls)?.mode !== undefined && (own?.tls ?? tls)?.mode !== "ISTIO_MUTUAL"
            );
          });
          if (!plain) {
            mesh.requireKnownRules();
            mesh.requireKnownServices();
            const whole = served.filter((one) => one.service === service).every(({ target }) => target === port);
            report(resource, {
              field: keyed(`${prefix}metadata.annotations`, name),
              message: `Port ${of} of Service ${service.name} leads to ${port}, which the proxy does not see: clients of the mesh send mutual TLS to an application that reads plain text, and no policy holds.`,
              fix: `Remove ${port} from the annotation, or declare a DestinationRule for ${service.name} with tls.mode DISABLE.`,
              // A port beside others may be there for scrapers outside of the mesh alone.
              certain: whole,
            });
          }
        }
      }
    });
  },
});

export const mtlsNotDisabled = rule({
  name: "mtls-not-disabled",
  description: "No PeerAuthentication switches mutual TLS off.",
  rationale: "With DISABLE the workload takes plain text only: calls are neither encrypted nor authenticated.",
  fix: "Use PERMISSIVE while clients without a proxy are left, and STRICT after.",
  level: "advisory",
  source: "reference/config/security/peer_authentication/",
  check: eachOf("PeerAuthentication", (policy, { report }) => {
    const { mtls, portLevelMtls } = policy.fields.spec ?? {};
    const ports = (portLevelMtls ?? {}) as Record<string, { mode?: string } | undefined>;
    for (const [mode, field] of [
      [mtls?.mode, "spec.mtls.mode"],
      ...Object.entries(ports).map(([port, one]) => [one?.mode, `spec.portLevelMtls.${port}.mode`]),
    ]) {
      if (mode === "DISABLE") {
        report(policy, {
          field: field!,
          message: "Mutual TLS is switched off: connections are neither encrypted nor authenticated.",
          fix: "Use PERMISSIVE or STRICT.",
        });
      }
    }
  }),
});

export const meshPolicyInRoot = rule({
  name: "mesh-policy-in-root",
  description:
    "A policy without a selector does not stand in istiod's namespace when the mesh configuration has another root namespace.",
  rationale:
    "A policy holds for the whole mesh in the root namespace only. Elsewhere it holds for its own namespace, where istiod is alone.",
  fix: "Move the policy to the root namespace.",
  source: "reference/config/istio.mesh.v1alpha1/",
  check({ mesh, each, report }) {
    const root = mesh.rootNamespace;
    const installed = new Set([
      ...mesh.injectors.map(({ namespace }) => namespace),
      ...mesh
        .of("ConfigMap")
        .filter(({ name }) => name === "istio")
        .map(({ namespace }) => namespace),
      systemNamespace,
    ]);
    const shapes = ["PeerAuthentication", "AuthorizationPolicy", "RequestAuthentication", "Telemetry"] as const;
    each(
      shapes.flatMap((shape): WorkloadPolicy[] => mesh.of(shape)),
      (policy) => {
        const { namespace, kind } = policy;
        const own = mesh.selectedBy(undefined, namespace).some((one) => !one.assumed && !isIstioComponent(one));
        if (
          namespace !== root &&
          installed.has(namespace) &&
          !own &&
          selectorOf(policy) === undefined &&
          targetReferences(policy).length === 0
        ) {
          report(policy, {
            field: "metadata.namespace",
            message: `The root namespace is ${root}: in ${namespace} this ${kind} holds for ${namespace} alone, not for the mesh.`,
            fix: `Move it to ${root}, or set meshConfig.rootNamespace to ${namespace}.`,
          });
        }
      },
    );
  },
});

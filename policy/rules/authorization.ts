/** AuthorizationPolicies and RequestAuthentications: rules that match what they mean. */
import { isIstioComponent, simulateInjection } from "../mesh/injection";
import { containerPorts, neverHttp, servedPorts } from "../mesh/protocols";
import type { Mesh, Workload } from "../mesh/mesh";
import {
  workloadMode,
  authenticated,
  extensionProviders,
  selectorOf,
  targetReferences,
  targetsOf,
} from "../mesh/policies";
import type { Resource } from "../mesh/resource";
import { eachOf, rule } from "../rule";

type Policy = Resource<"AuthorizationPolicy">;
type PolicyRule = NonNullable<NonNullable<Policy["fields"]["spec"]>["rules"]>[number];

/** A value of a rule, and the field that holds it. */
interface Value {
  key: string;
  value: string;
  field: string;
}

/** Every value of the sources and operations of a rule, and of its conditions. */
function valuesOf(rule: PolicyRule, at: string): Value[] {
  const lists = (map: object, field: string): Value[] =>
    Object.entries(map).flatMap(([key, list]) =>
      Array.isArray(list)
        ? list.map((value, i) => ({ key, value: String(value), field: `${field}.${key}[${i}]` }))
        : [],
    );
  return [
    ...(rule.from ?? []).flatMap(({ source = {} }, i) => lists(source, `${at}.from[${i}].source`)),
    ...(rule.to ?? []).flatMap(({ operation = {} }, i) => lists(operation, `${at}.to[${i}].operation`)),
    ...(rule.when ?? []).flatMap(({ key = "", values = [], notValues = [] }, i) =>
      [...values, ...notValues].map((value) => ({ key, value, field: `${at}.when[${i}]` })),
    ),
  ];
}

/** Fields that only HTTP has. */
const httpOnly =
  /^(not)?(hosts|methods|paths|requestPrincipals)$|^not(Hosts|Methods|Paths|RequestPrincipals)$|^request\./;
/** Fields that only a JWT gives a value. */
const tokenOnly = /^(requestPrincipals|notRequestPrincipals)$|^request\.auth\./;
/** Fields that only a client certificate gives a value. */
const certificateOnly =
  /^(principals|notPrincipals|namespaces|notNamespaces|serviceAccounts|notServiceAccounts)$|^source\.(principal|namespace|serviceAccount|trustDomain)$/;
/** Fields in whose values a star stands for anything at the start or at the end only. */
const starAtEnds =
  /^(not)?(principals|hosts|methods|paths|requestPrincipals)$|^not(Principals|Hosts|Methods|Paths|RequestPrincipals)$/;

const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"]);

/** Why a value never equals what a request has; undefined for one that can. */
function neverMatches({ key, value }: Value): { message: string; fix: string; certain?: boolean } | undefined {
  const name = key.replace(/^not/, "").toLowerCase();
  if (name === "principals" || key === "source.principal") {
    if (value.startsWith("spiffe://")) {
      return {
        message: `The principal ${value} starts with spiffe://, which Istio leaves out.`,
        fix: `Write ${value.slice("spiffe://".length)}.`,
      };
    }
    if (!value.includes("*") && !/^[^/]+\/ns\/[^/]+\/sa\/[^/]+$/.test(value)) {
      return {
        message: `The principal ${value} is not of the form that certificates have.`,
        fix: "Write trust-domain/ns/namespace/sa/account, such as cluster.local/ns/shop/sa/web.",
        // Another authority than istiod may issue identities of another form.
        certain: !value.includes("/"),
      };
    }
  }
  if (name === "methods" && !methods.has(value) && methods.has(value.toUpperCase())) {
    return {
      message: `Methods are compared as they are sent, in capitals: ${value} matches nothing.`,
      fix: `Write ${value.toUpperCase()}.`,
    };
  }
  if (name === "paths") {
    if (value.includes("?") || value.includes("#")) {
      return { message: `A path has no query: ${value} matches nothing.`, fix: "Leave out what follows the path." };
    }
    if (!/^[/*]/.test(value)) {
      return { message: `Paths start with a slash: ${value} matches nothing.`, fix: `Write /${value}.` };
    }
  }
  if (name === "hosts" && /^\w+:\/\/|\//.test(value)) {
    return {
      message: `A host has neither a scheme nor a path: ${value} matches nothing.`,
      fix: "Write the host alone.",
    };
  }
  const stars = value.split("*").length - 1;
  const templated = name === "paths" && /\{\*\*?\}/.test(value);
  if (starAtEnds.test(key) && !templated && (stars > 1 || (stars === 1 && !/^\*|\*$/.test(value)))) {
    const fix =
      name === "paths"
        ? `Write {*} for a segment and {**} for the rest, such as ${value.replace(/\*$/, "{**}").replaceAll(/(?<![{*])\*(?![}*])/g, "{*}")}.`
        : "Use one star, at the start or at the end.";
    return { message: `A star stands for anything at the start or at the end only: ${value} is taken as it is.`, fix };
  }
  return undefined;
}

/** What a policy does with requests that a rule of it never matches. */
function consequence(action: string): string {
  return action === "ALLOW" ? "The rule allows nothing." : `The rule never applies (${action}).`;
}

export const authzRuleMatches = rule({
  name: "authz-rule-matches",
  description: "The values of an AuthorizationPolicy's rules have the form that requests have.",
  rationale:
    "A value that no request has makes an ALLOW rule refuse everything, and a DENY rule let everything pass, without an error.",
  fix: "Write the value as Istio compares it.",
  source: "reference/config/security/authorization-policy/",
  check: eachOf("AuthorizationPolicy", (policy, { report }) => {
    const { action = "ALLOW", rules = [] } = policy.fields.spec ?? {};
    rules.forEach((one, i) => {
      for (const value of valuesOf(one, `spec.rules[${i}]`)) {
        const wrong = neverMatches(value);
        if (wrong !== undefined) {
          report(policy, {
            field: value.field,
            message: `${wrong.message} ${consequence(action)}`,
            fix: wrong.fix,
            certain: wrong.certain ?? true,
          });
        }
      }
    });
  }),
});

/** The ports of a workload on which a rule applies: those that it names, or all. */
function portsOf(mesh: Mesh, workload: Workload, rule: PolicyRule) {
  const named = (rule.to ?? []).flatMap(({ operation }) => operation?.ports ?? []).map(Number);
  return servedPorts(mesh, workload).filter(({ target }) => named.length === 0 || named.includes(target ?? 0));
}

export const authzFieldsFitProtocol = rule({
  name: "authz-fields-fit-protocol",
  description: "Rules of an AuthorizationPolicy use fields of HTTP only where the workload's ports speak HTTP.",
  rationale:
    "On a TCP port there is no method, path, host or token. An ALLOW rule with one never matches there, so everything is " +
    "refused; of a DENY rule the field is dropped, so everything that the rest matches is refused.",
  fix: "Use principals, namespaces, IP blocks and ports on TCP, or limit the rule to ports of HTTP.",
  source: "reference/config/security/authorization-policy/",
  check({ mesh, settings, each, report }) {
    each(mesh.of("AuthorizationPolicy"), (policy) => {
      const { action = "ALLOW", rules = [] } = policy.fields.spec ?? {};
      const workloads = targetsOf(mesh, policy).filter((one) => !isIstioComponent(one));
      rules.forEach((one, i) => {
        const http = valuesOf(one, `spec.rules[${i}]`).find(({ key }) => httpOnly.test(key));
        if (http === undefined) {
          return;
        }
        const ports = workloads.flatMap((workload) => portsOf(mesh, workload, one));
        const tcp = ports.filter(({ protocol }) => neverHttp(protocol));
        const all = tcp.length > 0 && tcp.length === ports.length;
        const { key } = http;
        const [first] = tcp;
        if (first !== undefined && (all || action === "DENY")) {
          const where = `port ${first.port} of Service ${first.service.name} (${first.protocol})`;
          const effect =
            action === "ALLOW"
              ? "the rule never matches and everything is refused"
              : "every connection that the rest of the rule matches is refused";
          report(policy, {
            field: http.field,
            message: `${key} is a field of HTTP, which ${where} does not speak: there ${action === "ALLOW" || action === "DENY" ? effect : "it has no value"}.`,
            fix: "Use principals, namespaces or ports, or limit the rule to the ports that speak HTTP.",
            certain: all,
          });
        }
        const ambient = workloads.find((workload) => simulateInjection(mesh, workload, settings).cause === "ambient");
        if (ambient !== undefined && targetReferences(policy).length === 0) {
          report(policy, {
            field: http.field,
            message: `${ambient.resource.kind} ${ambient.resource.name} is in ambient mode: ztunnel enforces policies with a selector, and it knows no ${key}${action === "ALLOW" ? ", so everything is refused" : ""}.`,
            fix: "Deploy a waypoint and name it or the Service in targetRefs, or use fields of connections only.",
          });
        }
      });
    });
    each(mesh.of("RequestAuthentication"), (policy) => {
      const ambient = targetsOf(mesh, policy).find((one) => simulateInjection(mesh, one, settings).cause === "ambient");
      if (ambient !== undefined && targetReferences(policy).length === 0) {
        report(policy, {
          field: "spec",
          message: `${ambient.resource.kind} ${ambient.resource.name} is in ambient mode: ztunnel reads no tokens.`,
          fix: "Deploy a waypoint and name it or the Service in targetRefs.",
        });
      }
    });
  },
});

export const policyPortsOfContainers = rule({
  name: "policy-ports-of-containers",
  description: "Ports in an AuthorizationPolicy and in portLevelMtls are ports of the container, not of a Service.",
  rationale:
    "The proxy of the server sees the port that the container listens on. A Service's port that leads to another one " +
    "matches nothing: an ALLOW rule refuses everything, and a mode of mutual TLS is not enforced.",
  fix: "Write the target port.",
  source: "reference/config/security/peer_authentication/",
  check({ mesh, each, report }) {
    const check = (
      policy: Resource,
      workloads: readonly Workload[],
      ports: readonly { port: number; field: string }[],
      effect: string,
    ): void => {
      const real = workloads.filter((one) => !one.assumed && !isIstioComponent(one));
      const served = real.flatMap((workload) => servedPorts(mesh, workload));
      const listened = new Set([...real.flatMap(containerPorts), ...served.flatMap(({ target }) => target ?? [])]);
      for (const { port, field } of ports) {
        if (real.length === 0 || listened.size === 0 || listened.has(port)) {
          continue;
        }
        const mistaken = served.find((one) => one.port === port);
        report(policy, {
          field,
          message:
            mistaken === undefined
              ? `No container of the pods that it selects declares port ${port}: they declare ${[...listened].join(", ")}.`
              : `${port} is the port of Service ${mistaken.service.name}, which leads to ${mistaken.target ?? "another port"} of the container: ${effect}.`,
          fix: mistaken?.target === undefined ? "Correct the port." : `Write ${mistaken.target}.`,
          certain: mistaken !== undefined,
        });
      }
    };
    each(mesh.of("AuthorizationPolicy"), (policy) => {
      const ports = (policy.fields.spec?.rules ?? []).flatMap((one, i) =>
        valuesOf(one, `spec.rules[${i}]`)
          .filter(({ key, value }) => /^(ports|notPorts|destination\.port)$/.test(key) && /^\d+$/.test(value))
          .map(({ value, field }) => ({ port: Number(value), field })),
      );
      check(policy, targetsOf(mesh, policy), ports, "the rule matches nothing");
    });
    each(mesh.of("PeerAuthentication"), (policy) => {
      const ports = Object.keys(policy.fields.spec?.portLevelMtls ?? {}).map((port) => ({
        port: Number(port),
        field: `spec.portLevelMtls.${port}`,
      }));
      check(policy, selectorOf(policy) === undefined ? [] : targetsOf(mesh, policy), ports, "no mode is enforced");
    });
  },
});

export const authzHasCredentials = rule({
  name: "authz-has-credentials",
  description:
    "Rules about tokens are for workloads with a RequestAuthentication, and rules about identities for those with mutual TLS.",
  rationale:
    "Without a RequestAuthentication no request has a principal or claims, and without mutual TLS no connection has an " +
    "identity: an ALLOW rule refuses everything, and a DENY rule on the absence of one refuses everything as well.",
  fix: "Declare a RequestAuthentication for the workload; allow mutual TLS on it.",
  source: "reference/config/security/request_authentication/",
  check({ mesh, each, report, missing }) {
    const withTokens = authenticated(mesh);
    each(mesh.of("AuthorizationPolicy"), (policy) => {
      const targets = targetsOf(mesh, policy);
      (policy.fields.spec?.rules ?? []).forEach((one, i) => {
        const values = valuesOf(one, `spec.rules[${i}]`);
        const token = values.find(({ key }) => tokenOnly.test(key));
        const bare = targets.filter((workload) => !withTokens.has(workload));
        if (token !== undefined && bare.length > 0 && bare.length === targets.length) {
          const [workload] = bare as [Workload];
          missing(!workload.assumed, policy, {
            field: token.field,
            message: `No RequestAuthentication reads tokens for ${workload.resource.kind} ${workload.resource.name}, so no request there has ${token.key.replace(/^not/, "")}.`,
            fix: "Declare a RequestAuthentication that selects the same pods.",
          });
        }
        const identity = values.find(({ key }) => certificateOnly.test(key));
        const plain = identity && targets.find((workload) => workloadMode(mesh, workload)?.mode === "DISABLE");
        if (identity !== undefined && plain !== undefined && !isIstioComponent(plain)) {
          report(policy, {
            field: identity.field,
            message: `Mutual TLS is switched off for ${plain.resource.kind} ${plain.resource.name}, so no connection there has an identity that ${identity.key} could match.`,
            fix: "Allow mutual TLS in its PeerAuthentication (PERMISSIVE or STRICT).",
          });
        }
      });
    });
  },
});

export const requestAuthenticationEnforced = rule({
  name: "request-authentication-enforced",
  description: "A workload with a RequestAuthentication has an AuthorizationPolicy that requires a token.",
  rationale:
    "A RequestAuthentication refuses bad tokens only. A request without any token passes, until a policy requires requestPrincipals.",
  fix: 'Declare an AuthorizationPolicy: DENY with `from: [{source: {notRequestPrincipals: ["*"]}}]`.',
  level: "advisory",
  source: "reference/config/security/request_authentication/",
  check({ mesh, each, report }) {
    const requiring = new Set<Workload>();
    const complete = each(mesh.of("AuthorizationPolicy"), (policy) => {
      const { action, rules = [] } = policy.fields.spec ?? {};
      if (action === "CUSTOM" || rules.some((one) => valuesOf(one, "").some(({ key }) => tokenOnly.test(key)))) {
        targetsOf(mesh, policy).forEach((workload) => requiring.add(workload));
      }
    });
    // Routes by claims are another use of tokens.
    const claims = (): boolean =>
      mesh.once("routes by claims", () =>
        mesh.virtualServices.some(({ fields }) =>
          JSON.stringify(fields.spec?.http ?? []).includes("@request.auth.claims"),
        ),
      );
    each(mesh.of("RequestAuthentication"), (policy) => {
      const open = targetsOf(mesh, policy).filter((workload) => !workload.assumed && !requiring.has(workload));
      // A policy that could not be judged may be the one that requires a token.
      if (complete && open.length > 0 && !claims()) {
        report(policy, {
          field: "spec.jwtRules",
          message: `It refuses bad tokens only: requests without a token still reach ${open[0]!.resource.kind} ${open[0]!.resource.name}, for no AuthorizationPolicy there requires requestPrincipals.`,
          fix: 'Add an AuthorizationPolicy: action DENY, from source notRequestPrincipals ["*"].',
        });
      }
    });
  },
});

export const authzNotOpen = rule({
  name: "authz-not-open",
  description: "No ALLOW rule of an AuthorizationPolicy is empty.",
  rationale: "An empty rule matches every request. Beside other rules it makes them meaningless.",
  fix: "Say whom the rule allows, or remove it.",
  level: "advisory",
  source: "reference/config/security/authorization-policy/",
  check: eachOf("AuthorizationPolicy", (policy, { report }) => {
    const { action = "ALLOW", rules = [] } = policy.fields.spec ?? {};
    rules.forEach(({ from, to, when }, i) => {
      if (action === "ALLOW" && from === undefined && to === undefined && when === undefined) {
        report(policy, {
          field: `spec.rules[${i}]`,
          message: `An empty rule allows every request${rules.length > 1 ? ", whatever the other rules say" : ""}.`,
          fix: "Say whom it allows (from), and what (to).",
        });
      }
    });
  }),
});

export const authzProviderKnown = rule({
  name: "authz-provider-known",
  description: "The provider of a CUSTOM AuthorizationPolicy is an external authorizer of the mesh configuration.",
  rationale: "istiod denies every request of a workload whose provider it does not know.",
  fix: "Declare the provider in meshConfig.extensionProviders, as envoyExtAuthzHttp or envoyExtAuthzGrpc.",
  source: "reference/config/security/authorization-policy/",
  check: eachOf("AuthorizationPolicy", (policy, { mesh, missing }) => {
    const { action, provider } = policy.fields.spec ?? {};
    const name = provider?.name;
    if (action !== "CUSTOM" || name === undefined || name === "") {
      return;
    }
    const kind = extensionProviders(mesh).get(name);
    if (!kind?.startsWith("envoyExtAuthz")) {
      missing(mesh.hasMeshConfig, policy, {
        field: "spec.provider.name",
        message:
          kind === undefined
            ? `The mesh configuration has no extension provider ${name}: istiod denies every request of the workloads.`
            : `The extension provider ${name} is ${kind || "of no kind"}, which authorizes nothing: istiod denies every request.`,
        fix: `Declare ${name} in meshConfig.extensionProviders, as envoyExtAuthzHttp or envoyExtAuthzGrpc.`,
      });
    }
  }),
});

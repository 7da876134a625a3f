import assert from "node:assert/strict";
import { declare, errorOf } from "../test/support/declare";
import { guardsMeshConfig, isGuarded } from "./guards";
import { RequestGuards } from "./requestGuards";

const jwt = { issuer: "https://login.example", jwksUri: "https://login.example/keys" };
const extAuthz = { host: "authz.auth.svc.cluster.local", port: 9000 };
const guards = (more: object) =>
  declare(() => new RequestGuards("shop", { namespace: "demo", serviceName: "shop", ...more }));

describe("RequestGuards", () => {
  it("reads tokens, and then refuses requests without one: for a RequestAuthentication alone they are right", async () => {
    const { one, all } = await guards({ jwt: { ...jwt, audiences: ["shop"] } });
    const reader = one("RequestAuthentication", "shop");
    assert.deepEqual(reader.inputs.spec, {
      selector: { matchLabels: { app: "shop" } },
      jwtRules: [{ ...jwt, audiences: ["shop"], forwardOriginalToken: true }],
    });
    const policy = one("AuthorizationPolicy", "require-token-shop");
    assert.deepEqual(policy.inputs.spec, {
      selector: { matchLabels: { app: "shop" } },
      action: "DENY",
      rules: [{ from: [{ source: { notRequestPrincipals: ["https://login.example/*"] } }] }],
    });
    assert.ok(policy.order > reader.order);
    assert.equal(all("AuthorizationPolicy").length, 1);
  });

  it("asks for a token, and an authorizer, on some paths and all below", async () => {
    const { one } = await guards({
      jwt: { ...jwt, paths: ["/shop/admin"] },
      extAuthz: { ...extAuthz, paths: ["/shop/pay", "/shop/refund"] },
    });
    assert.deepEqual(one("AuthorizationPolicy", "require-token-shop").inputs.spec.rules[0].to, [
      { operation: { paths: ["/shop/admin", "/shop/admin/*"] } },
    ]);
    assert.deepEqual(one("AuthorizationPolicy", "ext-authz-shop").inputs.spec, {
      selector: { matchLabels: { app: "shop" } },
      action: "CUSTOM",
      provider: { name: "ext-authz-shop" },
      rules: [{ to: [{ operation: { paths: ["/shop/pay", "/shop/pay/*", "/shop/refund", "/shop/refund/*"] } }] }],
    });
  });

  it("refuses args that would guard nothing or all, before anything is declared", async () => {
    const cases: [object, RegExp][] = [
      [{ jwt: { ...jwt, issuer: "*" } }, /jwt\.issuer is "\*": use the claim iss/],
      [{ jwt: { issuer: "a" } }, /jwt\.jwksUri is missing: set one of jwksUri and jwks/],
      [{ jwt: { ...jwt, paths: [] } }, /jwt\.paths is \[\]/],
      [{ extAuthz: { ...extAuthz, port: 0 } }, /extAuthz\.port is 0/],
      [{ extAuthz: { ...extAuthz, timeout: "1" } }, /extAuthz\.timeout is "1"/],
      [{ extAuthz: { ...extAuthz, paths: ["/a*"] } }, /extAuthz\.paths is \["\/a\*"\]/],
    ];
    for (const [args, message] of cases) {
      const program = () => new RequestGuards("shop", { namespace: "demo", serviceName: "shop", ...args });
      assert.match(await errorOf(program), message);
    }
  });
});

describe("what guards need in MeshConfig", () => {
  it("is an authorizer for each service that asks one", () => {
    const { extensionProviders } = guardsMeshConfig([
      { serviceName: "open" },
      {
        serviceName: "shop",
        extAuthz: { ...extAuthz, pathPrefix: "/check", requestHeaders: ["cookie"], failOpen: true },
      },
      { serviceName: "cart", extAuthz: { ...extAuthz, timeout: "2s", upstreamHeaders: ["x-user"] } },
    ]);
    assert.deepEqual(extensionProviders, [
      {
        name: "ext-authz-shop",
        envoyExtAuthzHttp: {
          service: extAuthz.host,
          port: 9000,
          timeout: "1s",
          failOpen: true,
          pathPrefix: "/check",
          includeRequestHeadersInCheck: ["cookie"],
        },
      },
      {
        name: "ext-authz-cart",
        envoyExtAuthzHttp: {
          service: extAuthz.host,
          port: 9000,
          timeout: "2s",
          failOpen: false,
          headersToUpstreamOnAllow: ["x-user"],
        },
      },
    ]);
  });

  it("is one way to write a path, where guards are for some", () => {
    assert.deepEqual(guardsMeshConfig([{ serviceName: "shop", jwt }]), { extensionProviders: [] });
    const limited = guardsMeshConfig([{ serviceName: "shop", jwt: { ...jwt, paths: ["/admin"] } }]);
    assert.deepEqual(limited.pathNormalization, { normalization: "DECODE_AND_MERGE_SLASHES" });
  });
});

describe("isGuarded", () => {
  it("is by segments of the path", () => {
    const some = { jwt: { paths: ["/shop/admin"] } };
    const guarded = ["/shop/admin", "/shop/admin/users", "/shop/admins", "/shop"].filter((path) =>
      isGuarded(some, path),
    );
    assert.deepEqual(guarded, ["/shop/admin", "/shop/admin/users"]);
    assert.ok(isGuarded({ extAuthz: {} }, "/any") && isGuarded({ jwt: { paths: ["/"] } }, "/any"));
    assert.ok(!isGuarded({}, "/"));
  });
});

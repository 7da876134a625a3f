import assert from "node:assert/strict";
import { declaredService } from "../../test/support/declaredService";
import type { DeclaredMesh, DeclaredService } from "../../stacks/declared";
import { joinPath, followedRoute, gatewayRoutes } from "./gatewayRoute";

const service = declaredService;
const mesh = (...services: DeclaredService[]) => ({ declared: { services } as DeclaredMesh, gatewayUrl: "http://gw" });
const inner = service("inner");
const user = service("user", { path: "/user" });
const root = service("root", { path: "/" });
const broken = service("broken", { path: "/broken", fault: { abort: { percent: 50, status: 500 } } });

describe("routes through the gateway", () => {
  it("are those of services with a path, once the address is known", () => {
    assert.deepEqual(
      gatewayRoutes(mesh(inner, user, root)).map(({ url }) => url),
      ["http://gw/user", "http://gw/"],
    );
    assert.deepEqual(gatewayRoutes({ ...mesh(user), gatewayUrl: undefined }), []);
  });

  it("are followed where requests arrive", () => {
    const followed = (...services: DeclaredService[]) => {
      const route = followedRoute(mesh(...services));
      return "verdict" in route ? `${route.verdict}: ${route.evidence}` : route.service.name;
    };
    assert.equal(followed(inner, broken, user), "user");
    assert.equal(followed({ ...user, jwt: {} }, root), "root");
    assert.equal(followed({ ...user, jwt: { paths: ["/user/admin"] } }), "user");
    assert.match(followed({ ...user, extAuthz: {} }), /^skip: no service .* open without a token/);
    assert.match(followed(inner), /^skip: no service has a path/);
    assert.match(followed(broken), /^skip: every service .* fails requests on purpose/);
  });

  it("have names below them, one slash apart", () => {
    assert.deepEqual(
      ["/", "/user", "http://gw/"].map((path) => joinPath(path, "x")),
      ["/x", "/user/x", "http://gw/x"],
    );
  });
});

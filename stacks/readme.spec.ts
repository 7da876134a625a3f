import assert from "node:assert/strict";
import type { ReadmeFacts } from "./readme";
import { readme } from "./readme";

const facts: ReadmeFacts = {
  gatewayUrl: "http://localhost:8080",
  hosts: ["*"],
  kubectl: "kubectl --context kind-a",
  namespace: "demo",
  services: [{ serviceName: "user-service", path: "/user" }, { serviceName: "inner" }],
};

describe("the output readme", () => {
  it("asks what can be asked through the gateway", () => {
    const text = readme(facts);
    assert.match(text, /^curl http:\/\/localhost:8080\/user$/m);
    assert.match(text, /^kubectl --context kind-a --namespace demo get pods$/m);
    assert.doesNotMatch(text, /inner|eval|port-forward|Left out/);
  });

  it("shows where a token goes", () => {
    const jwt = { issuer: "x", paths: ["/user"] };
    const text = readme({ ...facts, services: [{ serviceName: "user-service", path: "/user", jwt }] });
    assert.match(text, /^curl http:\/\/localhost:8080\/user --header "Authorization: Bearer \$TOKEN"$/m);
  });

  it("says what has to be done before: find the cluster, forward a port, or set an address", () => {
    const text = readme({
      ...facts,
      gatewayUrl: undefined,
      portForward: "kubectl port-forward x",
      pointKubectl: "eval x",
    });
    assert.match(text, /gateway's address is unknown[^]*eval x[^]*kubectl port-forward x[^]*curl http:\/\/ADDRESS/);
  });

  it("names a host where the gateway serves some alone", () => {
    const text = readme({ ...facts, hosts: ["shop.example.com"] });
    assert.match(
      text,
      /^curl --connect-to shop\.example\.com:8080:localhost:8080 http:\/\/shop\.example\.com:8080\/user$/m,
    );
  });

  it("does not hide that a certificate is self-signed, nor what was left out", () => {
    const text = readme({ ...facts, selfSigned: true, withoutImage: ["Kiali"] });
    assert.match(text, /curl --insecure/);
    assert.match(text, /no build of them: Kiali\./);
  });
});

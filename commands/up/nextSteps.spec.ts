import assert from "node:assert/strict";
import { parseConfig } from "../../stacks/config";
import { declaredMesh } from "../../stacks/declared";
import { declaredText } from "../../stacks/declaredText";
import type { Settings } from "../../stacks/settings";
import { nextSteps } from "./nextSteps";

const none = { sandbox: false };

function outputs(config: Record<string, string> = {}, more: Record<string, unknown> = {}): Record<string, unknown> {
  const mesh = declaredMesh(parseConfig(config) as Settings, { namespace: "istio-ingress", serviceAccount: "gateway" });
  return { gatewayUrl: "http://localhost:8080", declared: declaredText(mesh), readme: "# Sidecar mesh", ...more };
}

describe("nextSteps", () => {
  it("are five lines: the URL, two requests, verify, and dashboards", () => {
    assert.deepEqual(nextSteps(outputs(), none), [
      "gateway  http://localhost:8080",
      "try      curl http://localhost:8080/user",
      "         curl http://localhost:8080/user/orders",
      "check    npm run verify",
      "look     npm run dashboards",
    ]);
  });

  it("go to the same stack and cluster", () => {
    const lines = nextSteps(outputs(), { stack: "prod", context: "my cluster", sandbox: false });
    assert.equal(lines.at(-1), "look     npm run dashboards -- --stack prod --context 'my cluster'");
    assert.match(nextSteps(outputs(), { sandbox: true }).at(-2)!, /npm run verify -- --sandbox$/);
  });

  it("name a host where the gateway serves no other, and take a self-signed certificate", () => {
    const config = {
      "sidecar-mesh:gatewayHosts": '["mesh.example.com"]',
      "sidecar-mesh:gatewaySelfSigned": "true",
    };
    const [, request] = nextSteps(outputs(config, { gatewayUrl: "https://localhost:8443" }), none);
    assert.match(request!, /curl --insecure --connect-to mesh\.example\.com:8443:localhost:8443 https:\/\/mesh/);
  });

  it("begin with a port-forward where there is no other way to the gateway", () => {
    const forward =
      "kubectl --context k3d-a --namespace istio-ingress port-forward service/istio-ingressgateway 8080:80";
    const lines = nextSteps(
      outputs({}, { gatewayUrl: undefined, readme: `Open:\n\n\`\`\`\n${forward}\n\`\`\`\n` }),
      none,
    );
    assert.deepEqual(lines.slice(0, 3), [
      "gateway  no address is known",
      `first    ${forward}`,
      "try      curl http://localhost:8080/user",
    ]);
  });

  it("are few where the stack has no outputs", () => {
    assert.deepEqual(nextSteps({}, none).length, 3);
  });
});

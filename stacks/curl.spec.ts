import assert from "node:assert/strict";
import type { AskedGateway } from "./curl";
import { curl } from "./curl";

describe("curl", () => {
  const cases: [string, AskedGateway, string][] = [
    ["asks any host that is served", { url: "http://localhost:8080", hosts: ["*"] }, "curl http://localhost:8080/user"],
    [
      "names a host where the address is none",
      { url: "http://192.0.2.7:30080", hosts: ["shop.example.com"] },
      "curl --connect-to shop.example.com:30080:192.0.2.7:30080 http://shop.example.com:30080/user",
    ],
    [
      "knows the ports that a URL leaves out",
      { url: "https://lb.example.net", hosts: ["*.example.com"], selfSigned: true },
      "curl --insecure --connect-to demo.example.com:443:lb.example.net:443 https://demo.example.com/user",
    ],
    [
      "leaves an address that is served as it is",
      { url: "https://shop.example.com", hosts: ["*.example.com"] },
      "curl https://shop.example.com/user",
    ],
    [
      "takes *.example.com for names below it alone",
      { url: "http://example.com", hosts: ["*.example.com"] },
      "curl --connect-to demo.example.com:80:example.com:80 http://demo.example.com/user",
    ],
    ["shows an address that is not known", { url: "http://ADDRESS", hosts: ["*"] }, "curl http://ADDRESS/user"],
  ];
  for (const [title, gateway, expected] of cases) {
    it(title, () => assert.equal(curl(gateway, "/user"), expected));
  }
});

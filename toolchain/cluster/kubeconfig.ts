import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { CONTEXT, network, ports } from "./settings";

/** Where the API server answers. */
export const apiUrl = `https://${network.node}:${ports.api}`;

/** A kubeconfig that holds its certificates, so that it can be handed around. */
export function kubeconfig(pki: string, certificate: string): string {
  const base64 = (file: string): string => readFileSync(join(pki, file)).toString("base64");
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": CONTEXT,
    clusters: [{ name: CONTEXT, cluster: { server: apiUrl, "certificate-authority-data": base64("ca.crt") } }],
    users: [
      {
        name: `${CONTEXT}-${certificate}`,
        user: {
          "client-certificate-data": base64(`${certificate}.crt`),
          "client-key-data": base64(`${certificate}.key`),
        },
      },
    ],
    contexts: [{ name: CONTEXT, context: { cluster: CONTEXT, user: `${CONTEXT}-${certificate}` } }],
  });
}

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../system/run";
import { network, NODE_NAME } from "./settings";

/** A certificate the cluster needs. */
export interface CertificateSpec {
  name: string;
  /** Which authority signs it. */
  ca: AuthorityName;
  commonName: string;
  organization?: string;
  use: "client" | "server" | "both";
  hosts?: readonly string[];
}

/** Three authorities, so that none vouches for what is another's: the API's clients, its front proxy, and etcd. */
export const authorities = ["ca", "front-proxy-ca", "etcd-ca"] as const;
export type AuthorityName = (typeof authorities)[number];

const client = (name: string, commonName: string, organization?: string): CertificateSpec => ({
  name,
  ca: "ca",
  commonName,
  organization,
  use: "client",
});

/** Every certificate but those of the authorities. */
export const certificates: readonly CertificateSpec[] = [
  {
    name: "apiserver",
    ca: "ca",
    commonName: "kube-apiserver",
    use: "server",
    hosts: [
      network.node,
      network.apiService,
      "127.0.0.1",
      "localhost",
      "kubernetes",
      "kubernetes.default",
      "kubernetes.default.svc",
      "kubernetes.default.svc.cluster.local",
    ],
  },
  { name: "kubelet-server", ca: "ca", commonName: NODE_NAME, use: "server", hosts: [network.node, NODE_NAME] },
  client("apiserver-kubelet-client", "kube-apiserver-kubelet-client", "system:masters"),
  client("admin", "sandbox-admin", "system:masters"),
  client("controller-manager", "system:kube-controller-manager"),
  client("scheduler", "system:kube-scheduler"),
  client("proxy", "system:kube-proxy"),
  client("kubelet", `system:node:${NODE_NAME}`, "system:nodes"),
  { name: "front-proxy-client", ca: "front-proxy-ca", commonName: "front-proxy-client", use: "client" },
  { name: "etcd", ca: "etcd-ca", commonName: "etcd", use: "both", hosts: ["127.0.0.1", "localhost"] },
  { name: "apiserver-etcd-client", ca: "etcd-ca", commonName: "kube-apiserver", use: "client" },
];

const usages = { client: "clientAuth", server: "serverAuth", both: "serverAuth,clientAuth" } as const;

/** The openssl configuration for one certificate. Pure. */
export function opensslConfig(spec: CertificateSpec | { authority: AuthorityName }): string {
  const subject =
    "authority" in spec
      ? [`CN=sandbox-${spec.authority}`]
      : [...(spec.organization ? [`O=${spec.organization}`] : []), `CN=${spec.commonName}`];
  const extensions =
    "authority" in spec
      ? ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature"]
      : [
          "basicConstraints=critical,CA:FALSE",
          "keyUsage=critical,digitalSignature",
          `extendedKeyUsage=${usages[spec.use]}`,
          ...(spec.hosts ? [`subjectAltName=${spec.hosts.map(alternativeName).join(",")}`] : []),
        ];
  return [
    "[req]",
    "prompt=no",
    "distinguished_name=subject",
    "x509_extensions=extensions",
    "[subject]",
    ...subject,
    "[extensions]",
    "subjectKeyIdentifier=hash",
    ...("authority" in spec ? [] : ["authorityKeyIdentifier=keyid"]),
    ...extensions,
    "",
  ].join("\n");
}

function alternativeName(host: string): string {
  return /^[\d.]+$/.test(host) ? `IP:${host}` : `DNS:${host}`;
}

/** Makes every key and certificate, all or none. They last as long as the cluster's data. */
export async function ensureCertificates(folder: string): Promise<void> {
  if (existsSync(folder)) {
    return;
  }
  await mkdir(join(folder, ".."), { recursive: true, mode: 0o700 });
  const work = await mkdtemp(`${folder}.tmp-`);
  try {
    await Promise.all(authorities.map((authority) => issue(work, authority, opensslConfig({ authority }))));
    await Promise.all([
      ...certificates.map((spec) => issue(work, spec.name, opensslConfig(spec), spec.ca)),
      // istiod and others verify tokens with this key's public half; RSA is what every library takes.
      run("openssl", ["genrsa", "-out", join(work, "service-account.key"), "2048"]),
    ]);
    await run("sh", ["-c", 'chmod 600 "$1"/* && rm -f "$1"/*.cnf', "sh", work]);
    await rename(work, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function issue(folder: string, name: string, config: string, ca?: AuthorityName): Promise<void> {
  const path = (file: string): string => join(folder, file);
  await writeFile(path(`${name}.cnf`), config, { mode: 0o600 });
  const signer = ca ? ["-CA", path(`${ca}.crt`), "-CAkey", path(`${ca}.key`)] : [];
  await run("openssl", [
    ..."req -x509 -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days 365".split(" "),
    ...["-config", path(`${name}.cnf`), "-keyout", path(`${name}.key`), "-out", path(`${name}.crt`)],
    ...signer,
  ]);
}

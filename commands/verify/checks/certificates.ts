import { X509Certificate } from "node:crypto";
import type { LiveObject } from "../../../cluster/kubeClient";
import type { Check, Outcome } from "../check";
import { fail, pass, skip } from "../check";
import { askEnvoy, proxies } from "../meshPods";
import { accountOf, nameOf } from "../objects";

/** A certificate as Envoy reports it. */
interface EnvoyCertificate {
  serial_number?: string;
  subject_alt_names?: { uri?: string; dns?: string }[];
  expiration_time?: string;
}

/** What Envoy answers at /certs. */
export interface EnvoyCertificates {
  certificates?: { ca_cert?: EnvoyCertificate[]; cert_chain?: EnvoyCertificate[] }[];
}

/** What a proxy proves itself with, and whom it trusts. */
export interface ProxyCertificates {
  pod: string;
  /** SPIFFE id of its own certificate. */
  identity?: string;
  /** When its own certificate expires, in milliseconds since 1970. */
  expires?: number;
  /** Serial numbers of the roots that it trusts, and when each expires. */
  roots: { serial: string; expires: number }[];
}

const hourMs = 3_600_000;

/** A root and a gateway's certificate are for months or years: the last day is an alarm. */
const alarmMs = 24 * hourMs;

/**
 * A workload's certificate is valid for a day (Istio's default). The proxy usually renews it after half of that time.
 * With less than this left, the renewal has failed.
 */
const workloadAlarmMs = hourMs;

/** Serial numbers as Envoy writes them: lower case, without zeros in front. */
function serialOf(text: string): string {
  return text.toLowerCase().replace(/^0+/, "");
}

/** @returns what matters of Envoy's answer: the certificate with a SPIFFE id, and every root. */
export function readCertificates(pod: string, { certificates = [] }: EnvoyCertificates): ProxyCertificates {
  const own = certificates
    .flatMap(({ cert_chain = [] }) => cert_chain)
    .find(({ subject_alt_names = [] }) => subject_alt_names.some(({ uri }) => uri?.startsWith("spiffe://")));
  const roots = certificates.flatMap(({ ca_cert = [] }) => ca_cert);
  return {
    pod,
    identity: own?.subject_alt_names?.find(({ uri }) => uri?.startsWith("spiffe://"))?.uri,
    expires: own?.expiration_time === undefined ? undefined : Date.parse(own.expiration_time),
    roots: roots.map(({ serial_number = "", expiration_time = "" }) => ({
      serial: serialOf(serial_number),
      expires: Date.parse(expiration_time),
    })),
  };
}

/**
 * @param root PEM of the mesh's root, as istiod hands it out.
 * @returns whether all proxies have a valid certificate and trust the mesh's root.
 */
export function judgeProxyCertificates(
  found: readonly ProxyCertificates[],
  root: string,
  now: number,
  kubectl: string,
): Outcome {
  const restart = "Restart it, and with it every workload that was started before";
  const rootCertificate = new X509Certificate(root);
  const serial = serialOf(rootCertificate.serialNumber);
  const rootExpires = Date.parse(rootCertificate.validTo);
  if (rootExpires - now < alarmMs) {
    return fail(
      `the mesh's root certificate expires ${rootCertificate.validTo}`,
      "the mesh's root certificate is expired, or about to: renew the CA (Secret cacerts or istio-ca-secret), then restart istiod and the workloads",
      `${kubectl} get configmap istio-ca-root-cert -o yaml`,
    );
  }
  for (const { pod, expires, roots } of found) {
    const [namespace, name] = pod.split("/");
    const next = `${kubectl} -n ${namespace} logs ${name} -c istio-proxy --tail 50`;
    if (expires === undefined) {
      return fail(`${pod} has no certificate`, `istiod's CA gave the proxy of ${pod} no certificate`, next);
    }
    if (expires - now < workloadAlarmMs) {
      return fail(
        `the certificate of ${pod} expires ${new Date(expires).toISOString()}`,
        `the certificate of ${pod} is ${expires < now ? "expired" : "about to expire"}: istiod's CA does not renew it`,
        next,
      );
    }
    if (!roots.some((one) => one.serial === serial)) {
      return fail(
        `${pod} trusts root ${roots.map((one) => one.serial).join(", ") || "none"}, the mesh's is ${serial}`,
        `the proxy of ${pod} trusts a foreign root: the mesh's CA was replaced since it started, and the two sides refuse each other. ${restart}`,
        next,
      );
    }
  }
  // Two roots that are both current would pass above on one side alone.
  const foreign = found.find(({ roots }) => roots.some((one) => one.serial !== serial));
  const more = foreign ? `; ${foreign.pod} trusts a second root as well` : "";
  const days = Math.floor((rootExpires - now) / alarmMs);
  return pass(`${found.length} proxies have valid ones; the root is valid for ${days} days${more}`);
}

/** @returns whether a gateway's TLS Secret holds a certificate that is valid for more than a day. */
export function judgeGatewaySecret(
  name: string,
  secret: LiveObject | undefined,
  now: number,
  kubectl: string,
): Outcome {
  const [namespace, secretName] = name.split("/");
  const next = `${kubectl} -n ${namespace} get secret ${secretName} -o jsonpath='{.data.tls\\.crt}' | base64 -d | openssl x509 -noout -text`;
  const encoded = secret?.data?.["tls.crt"];
  if (!encoded) {
    return fail(
      secret ? `Secret ${name} has no tls.crt` : `there is no Secret ${name}`,
      `the gateway's TLS Secret ${name} is ${secret ? "of another kind" : "gone"}: it can't serve HTTPS`,
      next,
    );
  }
  const { validFrom, validTo } = new X509Certificate(Buffer.from(encoded, "base64"));
  const left = Date.parse(validTo) - now;
  if (left < alarmMs || Date.parse(validFrom) > now) {
    return fail(
      `the certificate in Secret ${name} is valid from ${validFrom} to ${validTo}`,
      left < 0
        ? `the gateway's certificate in Secret ${name} is expired: clients refuse it. Renew it`
        : `the gateway's certificate in Secret ${name} is valid for less than a day, or not yet. Renew it`,
      next,
    );
  }
  return pass(`the gateway's is valid until ${validTo}`);
}

async function allCertificates(context: Parameters<Check["run"]>[0]): Promise<ProxyCertificates[]> {
  const pods = await proxies(context);
  return Promise.all(
    pods.map(async (pod) =>
      readCertificates(nameOf(pod), await askEnvoy<EnvoyCertificates>(context.cluster, pod, "/certs")),
    ),
  );
}

/** Are all certificates valid for a while, and do all proxies trust the same root? */
export const certificates: Check = {
  name: "certificates",
  description: "certificates valid, one root for all",
  needs: ["injected", "gateway"],
  async run(context) {
    const { cluster, declared } = context;
    const { mesh, gateway } = declared.namespaces;
    const secret = declared.gateway.tlsSecret;
    const ref = { apiVersion: "v1", kind: "Secret", namespace: gateway, name: secret ?? "" };
    const ofGateway = secret
      ? judgeGatewaySecret(`${gateway}/${secret}`, await cluster.client.get(ref), Date.now(), cluster.kubectl)
      : pass("the gateway serves no HTTPS");
    if (ofGateway.verdict !== "pass") {
      return ofGateway;
    }
    const root = await cluster.find("v1", "ConfigMap", mesh, "istio-ca-root-cert");
    const pem = root?.data?.["root-cert.pem"];
    if (!pem) {
      return fail(
        `there is no ConfigMap ${mesh}/istio-ca-root-cert`,
        "istiod has not written its root certificate into the namespace",
        `${cluster.kubectl} -n ${declared.namespaces.system} logs deployment/istiod --tail 50`,
      );
    }
    const ofProxies = judgeProxyCertificates(await allCertificates(context), pem, Date.now(), cluster.kubectl);
    return ofProxies.verdict === "pass" ? pass(`${ofProxies.evidence}; ${ofGateway.evidence}`) : ofProxies;
  },
};

/** @returns whether every proxy proves itself as the service account that its pod runs as. */
export function judgeIdentities(
  found: readonly { pod: string; account: string; identity?: string }[],
  kubectl: string,
): Outcome {
  for (const { pod, account, identity } of found) {
    const [namespace, name] = pod.split("/");
    if (!identity?.endsWith(`/ns/${namespace}/sa/${account}`)) {
      return fail(
        `${pod} runs as ${account}, but its certificate names ${identity ?? "no identity"}`,
        `the certificate of ${pod} is for another identity than its service account ${account}: policies know it under a false name. Restart it`,
        `${kubectl} -n ${namespace} get pod ${name} -o yaml`,
      );
    }
  }
  return pass(found.map(({ identity }) => identity?.replace(/^spiffe:\/\//, "")).join(", "));
}

/** Does every pod's certificate have the right identity? */
export const identities: Check = {
  name: "identities",
  description: "each peer proves its service account",
  needs: ["certificates"],
  async run(context) {
    const pods = await proxies(context);
    const found = await allCertificates(context);
    if (pods.length === 0) {
      return skip("no pod has a proxy");
    }
    return judgeIdentities(
      found.map(({ pod, identity }) => ({
        pod,
        identity,
        account: accountOf(pods.find((one) => nameOf(one) === pod)!),
      })),
      context.cluster.kubectl,
    );
  },
};

import { network } from "./settings";
import { volumeObjects } from "./volumes";

/** The objects a bare cluster lacks: names for services, and a default kind of volume. Pure. */
export function baseObjects(coreDnsImage: string, forwardTo: string | undefined, volumes: string): object {
  return { apiVersion: "v1", kind: "List", items: [...coreDns(coreDnsImage, forwardTo), ...volumeObjects(volumes)] };
}

/** CoreDNS's configuration. Pure. */
export function corefile(forwardTo: string | undefined): string {
  return [
    ".:53 {",
    "    errors",
    "    health",
    "    ready",
    "    kubernetes cluster.local in-addr.arpa ip6.arpa {",
    "        pods insecure",
    "        fallthrough in-addr.arpa ip6.arpa",
    "    }",
    ...(forwardTo ? [`    forward . ${forwardTo}`] : []),
    "    cache 30",
    "    reload",
    "}",
    "",
  ].join("\n");
}

function coreDns(image: string, forwardTo: string | undefined): object[] {
  const metadata = { name: "coredns", namespace: "kube-system" };
  const labels = { "k8s-app": "kube-dns" };
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "system:coredns" },
      rules: [
        { apiGroups: [""], resources: ["services", "pods", "namespaces"], verbs: ["list", "watch"] },
        { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "system:coredns" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:coredns" },
      subjects: [{ kind: "ServiceAccount", ...metadata }],
    },
    { apiVersion: "v1", kind: "ConfigMap", metadata, data: { Corefile: corefile(forwardTo) } },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { ...metadata, labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: metadata.name,
            priorityClassName: "system-cluster-critical",
            dnsPolicy: "Default",
            containers: [
              {
                name: "coredns",
                image,
                imagePullPolicy: "IfNotPresent",
                args: ["-conf", "/etc/coredns/Corefile"],
                ports: [
                  { name: "dns", containerPort: 53, protocol: "UDP" },
                  { name: "dns-tcp", containerPort: 53, protocol: "TCP" },
                ],
                readinessProbe: { httpGet: { path: "/ready", port: 8181 }, periodSeconds: 1 },
                livenessProbe: {
                  httpGet: { path: "/health", port: 8080 },
                  initialDelaySeconds: 30,
                  failureThreshold: 5,
                },
                resources: { requests: { cpu: "50m", memory: "50Mi" }, limits: { memory: "170Mi" } },
                securityContext: {
                  // A port below 1024 takes root and this one capability; everything else is dropped.
                  runAsUser: 0,
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] },
                },
                volumeMounts: [{ name: "config", mountPath: "/etc/coredns", readOnly: true }],
              },
            ],
            volumes: [{ name: "config", configMap: { name: "coredns" } }],
          },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      // Other programs look for this name.
      metadata: { name: "kube-dns", namespace: "kube-system", labels },
      spec: {
        clusterIP: network.dnsService,
        selector: labels,
        ports: [
          { name: "dns", port: 53, targetPort: 53, protocol: "UDP" },
          { name: "dns-tcp", port: 53, targetPort: 53, protocol: "TCP" },
        ],
      },
    },
  ];
}

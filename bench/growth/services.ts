/** Services that the tests of growth add to the two of the default, which are the only ones with real pods and traffic. */
const firstAdded = 3;

/**
 * @returns `count` services: the default's two, and others that call one another in a chain. None of these has a path, so that the
 * gateway and the load generator stay as they are.
 */
export function manyServices(count: number): Record<string, unknown>[] {
  const base = [
    { name: "user-service", text: "Hello from User Service", path: "/user" },
    { name: "payment-service", text: "Hello from Payment Service", path: "/payment", allowFrom: ["user-service"] },
  ];
  const name = (i: number) => `service-${String(i).padStart(4, "0")}`;
  const added = Array.from({ length: Math.max(0, count - base.length) }, (_, i) => {
    const number = i + firstAdded;
    return { name: name(number), ...(i > 0 && { allowFrom: [name(number - 1)] }) };
  });
  return [...base, ...added].slice(0, count);
}

/**
 * @returns the simplest program: a Deployment and a Service for each service, in one file.
 * @param namespace Where they go. Default: the cluster's default namespace.
 */
export function naiveProgram(count: number, namespace = "default"): string {
  return `import * as k8s from "@pulumi/kubernetes";

for (let i = 0; i < ${count}; i++) {
  const name = \`naive-\${String(i).padStart(4, "0")}\`;
  const labels = { app: name };
  const metadata = { name, namespace: ${JSON.stringify(namespace)} };
  new k8s.apps.v1.Deployment(name, {
    metadata,
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            { name: "app", image: "hashicorp/http-echo:1.0.0", args: ["-text=hello"], ports: [{ containerPort: 5678 }] },
          ],
        },
      },
    },
  });
  new k8s.core.v1.Service(name, { metadata, spec: { selector: labels, ports: [{ name: "http", port: 5678 }] } });
}
`;
}

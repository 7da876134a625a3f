import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** An object of a cluster. */
export interface StubObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string } & Record<string, unknown>;
  [field: string]: unknown;
}

/** A type of objects: where it is served. */
interface StubType {
  apiVersion: string;
  kind: string;
  plural: string;
  namespaced: boolean;
}

const types: readonly StubType[] = [
  { apiVersion: "v1", kind: "Namespace", plural: "namespaces", namespaced: false },
  { apiVersion: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true },
  { apiVersion: "apps/v1", kind: "Deployment", plural: "deployments", namespaced: true },
  {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions",
    namespaced: false,
  },
  {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    plural: "mutatingwebhookconfigurations",
    namespaced: false,
  },
];

/** An API server on this machine, in plain text, that knows a few types: it lists, reads and deletes. */
export class StubApiServer {
  /** Each deletion, as `Kind namespace/name`. */
  readonly deleted: string[] = [];
  private readonly server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, "http://stub");
    const answer = this.answer(request.method!, pathname);
    const body = answer ?? { kind: "Status", apiVersion: "v1", status: "Failure", code: 404, message: "not found" };
    response.writeHead(answer ? 200 : 404, { "content-type": "application/json" }).end(JSON.stringify(body));
  });

  constructor(private objects: StubObject[]) {}

  /** @returns the URL of the server, once it listens. */
  listen(): Promise<string> {
    return new Promise((resolve) =>
      this.server.listen(0, "127.0.0.1", () =>
        resolve(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}`),
      ),
    );
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private answer(method: string, path: string): object | undefined {
    const [, apiVersion = "", rest = ""] = /^\/apis?\/((?:[^/]+\/)?v1)(?:\/(.*))?$/.exec(path) ?? [];
    const served = types.filter((type) => type.apiVersion === apiVersion);
    if (served.length === 0) {
      return undefined;
    }
    if (rest === "") {
      const resources = served.map(({ plural: name, kind, namespaced }) => ({ name, kind, namespaced, verbs: [] }));
      return { kind: "APIResourceList", apiVersion: "v1", groupVersion: apiVersion, resources };
    }
    const [, namespace, plural, name] = /^(?:namespaces\/([^/]+)\/)?([^/]+)(?:\/([^/]+))?$/.exec(rest) ?? [];
    const type = served.find((one) => one.plural === plural);
    const of = this.objects.filter(
      ({ kind, metadata }) => kind === type?.kind && (namespace === undefined || metadata.namespace === namespace),
    );
    if (name === undefined) {
      return { kind: `${type?.kind}List`, apiVersion, metadata: {}, items: of };
    }
    const found = of.find(({ metadata }) => metadata.name === name);
    if (found && method === "DELETE") {
      this.deleted.push(`${found.kind} ${namespace ? `${namespace}/` : ""}${name}`);
      this.objects = this.objects.filter((object) => object !== found);
    }
    return found;
  }
}

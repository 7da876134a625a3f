import { setTimeout as sleep } from "node:timers/promises";
import type { KubeClient, LiveObject, ObjectRef } from "../../cluster/kubeClient";
import { titleOf, titleOfLive } from "../../cluster/title";
import type { ExportedStack } from "../pulumi/stack";
import { releaseRefOf } from "../pulumi/things";

/** What {@link sweep} did. */
export interface Swept {
  /** Objects that were removed, as `Kind namespace/name`. */
  removed: string[];
  /** Objects that stay, each with the reason. */
  kept: string[];
}

/** By what it is known that something which Istio leaves behind is of this stack. */
export interface Leavings {
  /** The Helm releases of this stack that install Istio's resource definitions. */
  releases: { name: string; namespace: string }[];
  /** Root certificates that this stack's istiod has handed out. */
  rootCertificates: string[];
}

/** Istio's resource definitions have these groups. */
const istioGroups = /\.istio\.io$/;

/**
 * Group of the Gateway API, whose definitions the chart `gateway-api` of components/ installs where they are missing,
 * and keeps.
 */
const gatewayApiGroup = "gateway.networking.k8s.io";
const gatewayApiRelease = "gateway-api";

/** GatewayClasses that istiod makes where the cluster has this type, and leaves. */
const gatewayClassesOfIstiod = ["istio", "istio-remote", "istio-waypoint", "istio-east-west"];

/** What istiod calls itself in them. */
const istioControllers = /^istio\.io\//;

/** Charts that install Istio's resource definitions: by its name in Istio's repository, and in Istio's source tree. */
const definitionCharts = ["base", "istio-base"];

/** ConfigMaps that istiod puts into every namespace, and that nothing takes away when it is gone. */
const rootCertificateMap = "istio-ca-root-cert";
const configMapsOfIstiod = [rootCertificateMap, "istio-ca-crl"];

/** Milliseconds that the end of a deletion is waited for. */
const deletionMs = 30_000;

/** Webhooks by which an injector asks to see each new pod. */
const injectorWebhooks = /sidecar-injector\.istio\.io$/;

/**
 * Looks, before the stack is removed, at what it will leave behind.
 * @param state The stack's state; what is not in it is not this stack's.
 */
export async function ownLeavings(
  client: Pick<KubeClient, "get" | "list">,
  { deployment }: ExportedStack,
): Promise<Leavings> {
  const releases = (deployment?.resources ?? []).flatMap((resource) => {
    const release = releaseRefOf(resource);
    const chart = resource.inputs?.chart;
    const name = typeof chart === "string" ? chart.split("/").at(-1)! : "";
    return release && definitionCharts.includes(name) ? [{ name: release.name, namespace: release.namespace }] : [];
  });
  const maps = await Promise.all(
    releases.map(({ namespace }) =>
      client.get({ apiVersion: "v1", kind: "ConfigMap", name: rootCertificateMap, namespace }),
    ),
  );
  const rootCertificates = maps.flatMap((map) => map?.data?.["root-cert.pem"] ?? []);
  return { releases, rootCertificates: [...new Set(rootCertificates)] };
}

/**
 * Removes what Istio leaves when this stack's charts are gone: the charts keep their resource definitions, so that an
 * uninstall loses no routes, and istiod leaves its root certificate and revocation list in every namespace, and its
 * GatewayClasses. Nothing is removed while another mesh is in the cluster: an istiod, an injector's webhook, or an
 * object of one of Istio's types.
 * @param ours What is this stack's; see {@link ownLeavings}.
 * @param waitMs Milliseconds that the end of a deletion is waited for. Default 30,000.
 */
export async function sweep(
  client: Pick<KubeClient, "get" | "list" | "delete">,
  { releases, rootCertificates }: Leavings,
  waitMs = deletionMs,
): Promise<Swept> {
  const swept: Swept = { removed: [], kept: [] };
  if (releases.length === 0) {
    return swept;
  }
  const definitions = (await client.list("apiextensions.k8s.io/v1", "CustomResourceDefinition")).filter(
    ({ metadata }) => istioGroups.test(metadata?.name ?? ""),
  );
  const another = await anotherMesh(client, definitions);
  if (another !== undefined) {
    swept.kept.push(`Istio's resource definitions: ${another}`);
    return swept;
  }
  const classes = await gatewayClasses(client);
  const gatewayApi = await unusedGatewayApi(client, releases, swept);
  const going: ObjectRef[] = classes;
  for (const { metadata } of [...definitions.filter((one) => isOf(one, releases)), ...gatewayApi]) {
    going.push({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      name: metadata?.name ?? "",
    });
  }
  for (const object of going) {
    await client.delete(object);
  }
  for (const definition of going) {
    const title = titleOf(definition);
    if (await isGone(client, definition, waitMs)) {
      swept.removed.push(title);
    } else {
      swept.kept.push(`${title}: its deletion does not end; see its finalizers and status`);
    }
  }
  for (const { name, namespace } of await mapsOf(client, rootCertificates)) {
    await client.delete({ apiVersion: "v1", kind: "ConfigMap", name, namespace });
    swept.removed.push(`ConfigMap ${namespace}/${name}`);
  }
  return swept;
}

/** @returns true if one of these Helm releases has installed the definition. */
function isOf({ metadata }: LiveObject, releases: Leavings["releases"]): boolean {
  const [release, namespace] = ["name", "namespace"].map(
    (key) => metadata?.annotations?.[`meta.helm.sh/release-${key}`],
  );
  return releases.some((own) => own.name === release && own.namespace === namespace);
}

/** @returns the GatewayClasses that istiod has made, but those that a Gateway names: it is another mesh's. */
async function gatewayClasses(client: Pick<KubeClient, "list">): Promise<ObjectRef[]> {
  const apiVersion = `${gatewayApiGroup}/v1`;
  const kind = "GatewayClass";
  const gateways = (await client.list(apiVersion, "Gateway")) as (LiveObject & {
    spec?: { gatewayClassName?: string };
  })[];
  const named = gateways.map(({ spec }) => spec?.gatewayClassName);
  const classes = (await client.list(apiVersion, kind)) as (LiveObject & { spec?: { controllerName?: string } })[];
  return classes.flatMap(({ metadata: { name = "" } = {}, spec }) =>
    gatewayClassesOfIstiod.includes(name) && istioControllers.test(spec?.controllerName ?? "") && !named.includes(name)
      ? [{ apiVersion, kind, name }]
      : [],
  );
}

/** @returns the Gateway API's definitions that were installed beside ours of Istio, if nothing uses any of them. */
async function unusedGatewayApi(
  client: Pick<KubeClient, "list">,
  releases: Leavings["releases"],
  { kept }: Swept,
): Promise<LiveObject[]> {
  // A stack that went back to Istio's API has them as well, and no release of them any more.
  const own = releases.map(({ namespace }) => ({ name: gatewayApiRelease, namespace }));
  const definitions = (await client.list("apiextensions.k8s.io/v1", "CustomResourceDefinition")).filter(
    (one) => one.metadata?.name?.endsWith(`.${gatewayApiGroup}`) && isOf(one, own),
  );
  for (const definition of definitions) {
    const object = (await objectsOf(client, definition)).find(
      ({ kind, metadata }) => kind !== "GatewayClass" || !gatewayClassesOfIstiod.includes(metadata?.name ?? ""),
    );
    if (object) {
      kept.push(`the Gateway API's resource definitions: ${titleOfLive(object)} is not of this stack`);
      return [];
    }
  }
  return definitions;
}

/** @returns why another mesh seems to use what Istio leaves behind; undefined if none does. */
async function anotherMesh(
  client: Pick<KubeClient, "list">,
  definitions: readonly LiveObject[],
): Promise<string | undefined> {
  const deployments = await client.list("apps/v1", "Deployment");
  const istiod = deployments.find(({ metadata }) => metadata?.labels?.app === "istiod");
  if (istiod) {
    return `another istiod runs in this cluster (${istiod.metadata?.namespace}/${istiod.metadata?.name})`;
  }
  const configurations = (await client.list(
    "admissionregistration.k8s.io/v1",
    "MutatingWebhookConfiguration",
  )) as (LiveObject & { webhooks?: { name: string }[] })[];
  const injector = configurations.find(({ webhooks = [] }) => webhooks.some(({ name }) => injectorWebhooks.test(name)));
  if (injector) {
    return `MutatingWebhookConfiguration ${injector.metadata?.name} is of another istiod`;
  }
  for (const definition of definitions) {
    const [object] = await objectsOf(client, definition);
    if (object) {
      return `${titleOfLive(object)} is not of this stack`;
    }
  }
  return undefined;
}

/** @returns the ConfigMaps of istiod in namespaces whose root certificate is one of these. */
async function mapsOf(
  client: Pick<KubeClient, "list">,
  rootCertificates: readonly string[],
): Promise<{ name: string; namespace: string }[]> {
  const maps = await client.list("v1", "ConfigMap");
  const ours = new Set(
    maps.flatMap(({ metadata, data }) =>
      metadata?.name === rootCertificateMap && rootCertificates.includes(data?.["root-cert.pem"] ?? "")
        ? [metadata.namespace]
        : [],
    ),
  );
  return maps.flatMap(({ metadata: { name = "", namespace = "" } = {} }) =>
    configMapsOfIstiod.includes(name) && ours.has(namespace) ? [{ name, namespace }] : [],
  );
}

/**
 * Waits for the end of a deletion: of a resource definition that comes a moment after the request.
 * @returns false if it does not come.
 */
async function isGone(client: Pick<KubeClient, "get">, ref: ObjectRef, waitMs: number): Promise<boolean> {
  for (const end = Date.now() + waitMs; Date.now() < end; await sleep(100)) {
    if ((await client.get(ref)) === undefined) {
      return true;
    }
  }
  return false;
}

async function objectsOf(client: Pick<KubeClient, "list">, definition: LiveObject): Promise<LiveObject[]> {
  const { group, names, versions } = definition.spec as {
    group: string;
    names: { kind: string };
    versions: { name: string; served: boolean }[];
  };
  const version = versions.find(({ served }) => served);
  return version ? client.list(`${group}/${version.name}`, names.kind) : [];
}

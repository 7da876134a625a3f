import { refOf } from "./cluster";
import type { DeclaredResource } from "./declare";
import type { ReleaseInputs } from "./helm";
import { HelmRecords } from "./helmRecords";
import type { Entry, Inventory } from "./inventory";
import { releaseEntry } from "./inventory";
import type { KubeClient, LiveObject } from "../../cluster/kubeClient";
import { fieldManager } from "../../cluster/kubeClient";
import { titleOf } from "./title";

/** Something that the program declares, and that is in the cluster already. */
export interface Foreign {
  /** `Kind namespace/name`. */
  title: string;
  /** Who made it, as the API server calls them; undefined if it does not tell. */
  maker?: string;
}

/**
 * Looks for what somebody else made of what a program declares. To apply it would take it over, and to remove the stack would remove it.
 * What the inventory has is ours, even if it is only half made, and so is what our own client applied.
 */
export async function foreignObjects(
  client: Pick<KubeClient, "get" | "list" | "delete">,
  inventory: Pick<Inventory, "find">,
  declared: readonly DeclaredResource[],
): Promise<Foreign[]> {
  const unknown = declared.flatMap(entryOf).filter((entry) => inventory.find(entry) === undefined);
  const namespaces = await Promise.all(unknown.filter(isNamespace).map((entry) => look(client, entry)));
  // Of an empty cluster this is all that needs to be asked: what would be in a namespace that is not there can't be there either.
  const absent = new Set(namespaces.filter(({ live }) => live === undefined).map(({ entry }) => entry.ref.name));
  const ours = new Set(namespaces.filter(({ live }) => live && isOurs(live)).map(({ entry }) => entry.ref.name));
  const others = unknown.filter((entry) => !isNamespace(entry) && !absent.has(entry.ref.namespace ?? ""));
  const objects = others.filter(({ kind }) => kind === "object");
  const releases = others.filter(({ kind, ref }) => kind === "release" && !ours.has(ref.namespace ?? ""));
  const found = await Promise.all(objects.map((entry) => look(client, entry)));
  const helm = new HelmRecords(client);
  const installed = await Promise.all(
    releases.map(async ({ ref }) => ((await helm.of(ref.name, ref.namespace ?? "")).length > 0 ? [ref] : [])),
  );
  return [
    ...[...namespaces, ...found].flatMap(({ entry, live }) =>
      // What is on its way out is waited for.
      live && !live.metadata?.deletionTimestamp && !isOurs(live)
        ? [{ title: titleOf(entry.ref), maker: live.metadata?.managedFields?.[0]?.manager }]
        : [],
    ),
    ...installed.flat().map((ref) => ({ title: `Helm release ${ref.namespace}/${ref.name}`, maker: "Helm" })),
  ];
}

/**
 * @returns the inventory's entry of a declared resource; none for what is not made in the cluster.
 * @throws Error if an object has no name.
 */
function entryOf({ type, name, props }: DeclaredResource): Entry[] {
  if (type === "kubernetes:helm.sh/v3:Release") {
    return [releaseEntry(name, props as unknown as ReleaseInputs)];
  }
  return type.startsWith("kubernetes:") ? [{ resource: name, kind: "object", ref: refOf(props) }] : [];
}

function isNamespace({ kind, ref }: Entry): boolean {
  return kind === "object" && ref.kind === "Namespace";
}

async function look(client: Pick<KubeClient, "get">, entry: Entry) {
  return { entry, live: await client.get(entry.ref) };
}

function isOurs({ metadata }: LiveObject): boolean {
  return (metadata?.managedFields ?? []).some(({ manager }) => manager === fieldManager);
}

/** Makers that are the Pulumi CLI's provider. */
const pulumiProvider = /^pulumi-kubernetes/;

/** Most things that a refusal names. A whole stack has a hundred, of which the first tell enough. */
const mostNamed = 8;

/** @returns what keeps the stack from being applied, and what to do about it; undefined if nothing does. */
export function refusalOf(found: readonly Foreign[]): string | undefined {
  if (found.length === 0) {
    return undefined;
  }
  const byCli = found.some(({ maker }) => pulumiProvider.test(maker ?? ""));
  return [
    "the cluster has what this stack declares, and not of this stack; nothing was changed",
    ...found.slice(0, mostNamed).map(({ title, maker }) => `${title}${maker ? `: made by ${maker}` : ""}`),
    ...(found.length > mostNamed ? [`and ${found.length - mostNamed} more`] : []),
    byCli
      ? "the Pulumi CLI made it: go on with --engine cli, or remove it first: npm run down -- --engine cli"
      : "remove it with what made it; or, for the services' namespace, choose another with the key namespace",
  ].join("\n  ");
}

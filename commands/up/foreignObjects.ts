import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { HelmRecords } from "../../cluster/helmRecords";
import type { KubeClient, ObjectRef } from "../../cluster/kubeClient";
import { titleOf } from "../../cluster/title";
import type { EngineReport, StateResource } from "../pulumi/events";
import type { PulumiStack } from "../pulumi/stack";
import { keyOf, objectRefOf, releaseRefOf, thingsOf } from "../pulumi/things";
import { privateFolder } from "../session/userFolder";

/** Something that an update would make, that is in the cluster already, and that the stack does not know. */
export interface Foreign {
  resource: StateResource;
  /** `Kind namespace/name`. */
  title: string;
  /** Id for `pulumi import`. */
  id: string;
  /** Field manager that created it; undefined if the API server records none. */
  maker?: string;
}

/** Most objects that a refusal names. */
const mostNamed = 8;

/**
 * Looks in the cluster for what a preview says will be created. Pulumi's provider would take it over without a word,
 * and `pulumi destroy` would delete it. What is on its way out is passed over: the provider waits for it. So is what
 * stays when the stack goes: the claim of a volume with data of an earlier time.
 */
export async function foreignObjects(
  client: Pick<KubeClient, "get" | "list" | "delete">,
  { steps }: Pick<EngineReport, "steps">,
): Promise<Foreign[]> {
  const known = thingsOf(steps.flatMap(({ old }) => old ?? []));
  const ours = new Set([...known.objects, ...known.releases].map(keyOf));
  const created = steps.flatMap(({ op, new: state }) => (op.startsWith("create") && state ? [state] : []));
  const objects = created.flatMap((resource) => {
    const ref = objectRefOf(resource);
    return ref && !ours.has(keyOf(ref)) && !resource.retainOnDelete ? [{ resource, ref }] : [];
  });
  const isNamespace = ({ ref }: { ref: ObjectRef }) => ref.kind === "Namespace";
  const namespaces = await look(client, objects.filter(isNamespace));
  // In a namespace that is not there is nothing: of an empty cluster this is most of what there is to ask.
  const absent = new Set(namespaces.filter(({ live }) => !live).map(({ ref }) => ref.name));
  const others = await look(
    client,
    objects.filter((one) => !isNamespace(one) && !absent.has(one.ref.namespace ?? "")),
  );
  const helm = new HelmRecords(client);
  const releases = await Promise.all(
    created.map(async (resource): Promise<Foreign[]> => {
      const ref = releaseRefOf(resource);
      if (!ref || ours.has(keyOf(ref)) || absent.has(ref.namespace)) {
        return [];
      }
      const installed = (await helm.of(ref.name, ref.namespace)).length > 0;
      const id = `${ref.namespace}/${ref.name}`;
      return installed ? [{ resource, title: `Helm release ${id}`, id, maker: "Helm" }] : [];
    }),
  );
  return [
    ...[...namespaces, ...others].flatMap(({ resource, ref, live }): Foreign[] =>
      live && !live.metadata?.deletionTimestamp
        ? [
            {
              resource,
              title: titleOf(ref),
              id: ref.namespace ? `${ref.namespace}/${ref.name}` : ref.name,
              maker: live.metadata?.managedFields?.[0]?.manager,
            },
          ]
        : [],
    ),
    ...releases.flat(),
  ];
}

async function look(client: Pick<KubeClient, "get">, objects: { resource: StateResource; ref: ObjectRef }[]) {
  return Promise.all(objects.map(async (one) => ({ ...one, live: await client.get(one.ref) })));
}

/** A resource in a file for `pulumi import`. */
interface ImportedResource {
  type: string;
  /** By what the others of the file refer to it. */
  name: string;
  /** Its name in the program, where that is another. */
  logicalName?: string;
  id?: string;
  component?: true;
  parent?: string;
  provider?: string;
  /** Configuration of a provider. */
  inputs?: Record<string, unknown>;
}

/** What `pulumi import --file` takes: https://www.pulumi.com/docs/iac/guides/migration/import */
export interface ImportFile {
  /** URNs of what the stack has already, by the names that the file uses. */
  nameTable: Record<string, string>;
  resources: ImportedResource[];
}

/**
 * @returns what takes foreign objects into the stack: they, and the components and the provider that they need where
 * the stack has none of those yet.
 */
export function importFile(found: readonly Foreign[], { steps }: Pick<EngineReport, "steps">): ImportFile {
  const created = new Map(steps.flatMap(({ op, urn, new: state }) => (op === "create" && state ? [[urn, state]] : [])));
  const file: ImportFile = { nameTable: {}, resources: [] };
  const names = new Map<string, string>();
  const nameOf = (urn: string): string => {
    const name = urn.split("::").at(-1)!;
    const isTaken = (one: string) => [...names.values()].includes(one);
    for (let i = 1; !names.has(urn); i++) {
      const candidate = i === 1 ? name : `${name}-${i}`;
      if (!isTaken(candidate)) {
        names.set(urn, candidate);
      }
    }
    return names.get(urn)!;
  };
  const isStack = (urn: string) => urn.includes("::pulumi:pulumi:Stack::");
  const add = (resource: StateResource, more: Partial<ImportedResource>): void => {
    const { urn, type, parent, provider } = resource;
    const name = nameOf(urn);
    const logicalName = urn.split("::").at(-1)!;
    file.resources.push({
      type,
      name,
      ...(name !== logicalName && { logicalName }),
      ...more,
      ...(parent && !isStack(parent) && { parent: refer(parent) }),
      ...(provider && { provider: refer(provider.split("::").slice(0, -1).join("::")) }),
    });
  };
  /** @returns the name of what a resource needs, which comes before it in the file, or is in the stack already. */
  const refer = (urn: string): string => {
    const state = created.get(urn);
    if (!names.has(urn) && state) {
      nameOf(urn);
      add(state, state.custom ? { inputs: knownInputs(state) } : { component: true });
    } else if (!state) {
      file.nameTable[nameOf(urn)] = urn;
    }
    return nameOf(urn);
  };
  found.forEach(({ resource, id }) => add(resource, { id }));
  return file;
}

/** @returns a provider's configuration without what the event log lacks. */
function knownInputs({ inputs = {} }: StateResource): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(inputs).filter(([key, value]) => key !== "__internal" && value !== "[secret]"),
  );
}

/** @returns why an update is refused, and what to do about it. @param file With what `pulumi import` takes. */
export function refusalOf(
  found: readonly Foreign[],
  stack: Pick<PulumiStack, "name" | "configFile">,
  file: string,
): string {
  return [
    "the cluster has objects that this stack would make, and did not make; nothing was changed",
    ...found.slice(0, mostNamed).map(({ title, maker }) => `${title}${maker ? `: made by ${maker}` : ""}`),
    ...(found.length > mostNamed ? [`and ${found.length - mostNamed} more`] : []),
    "remove them with what made them; or choose other names (config key namespace for the services' namespace)",
    "or let the stack own them, and delete them with npm run down:",
    `pulumi import --file ${file} --stack ${stack.name} --config-file ${stack.configFile} --protect=false --generate-code=false`,
  ].join("\n  ");
}

/**
 * Refuses an update that would take over what it did not make.
 * @throws Error naming it, and how to import it.
 */
export async function refuseForeign(
  client: Pick<KubeClient, "get" | "list" | "delete">,
  report: Pick<EngineReport, "steps">,
  stack: Pick<PulumiStack, "name" | "configFile">,
): Promise<void> {
  const found = await foreignObjects(client, report);
  if (found.length > 0) {
    const file = join(privateFolder("import"), `${stack.name}.json`);
    writeFileSync(file, JSON.stringify(importFile(found, report), undefined, 2), { mode: 0o600 });
    throw new Error(refusalOf(found, stack, file));
  }
}

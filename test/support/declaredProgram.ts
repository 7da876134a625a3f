import * as pulumi from "@pulumi/pulumi";
import { setAllConfig } from "@pulumi/pulumi/runtime";
import type { Program } from "./program";
import type { Registration } from "./registrations";
import { watchRegistrations } from "./registrations";
import { withoutSecretMarks } from "./secrets";

/** A resource as a program declares it. */
export interface DeclaredResource {
  type: string;
  name: string;
  props: Record<string, unknown>;
}

/** The same, and where it stands among the others. */
export interface PlacedResource extends DeclaredResource {
  urn: string;
  /** URNs of all that it waits for itself; it also waits for what its parents wait for. */
  dependencies: readonly string[];
  /** URN of its parent. */
  parent?: string;
  /** The namespace of resources that name none, where its provider sets one. */
  defaultNamespace?: string;
}

/** What a program declares. */
export interface DeclaredProgram {
  /** What is made, in the order of its declaration. */
  resources: PlacedResource[];
  /** What only holds resources, and waits in their stead. */
  components: PlacedResource[];
}

/**
 * Runs a Pulumi program without applying anything.
 * @returns what it declares. Values that only an applied resource has are Pulumi's text for an unknown value. What the
 * program only reads is left out: it is not ours to judge.
 */
export async function declareProgram(program: Program): Promise<DeclaredProgram> {
  const registrations: Registration[] = [];
  setAllConfig(program.config);
  await pulumi.runtime.setMocks(
    {
      newResource: ({ inputs }) => ({ id: undefined, state: withoutSecretMarks(inputs) as Record<string, unknown> }),
      call: ({ inputs }) => inputs as Record<string, unknown>,
    },
    program.project,
    program.stack,
    true,
  );
  watchRegistrations((registration) => registrations.push(registration));
  await program.load();
  await pulumi.runtime.disconnect();
  return placed(registrations);
}

/** @returns registrations as what they declare, once all of them have their URN. */
export function placed(registrations: readonly Registration[]): DeclaredProgram {
  const namespaces = new Map(registrations.map(({ urn, props }) => [urn, props["namespace"]]));
  const place = ({ type, name, props, urn, dependencies, parent, provider }: Registration): PlacedResource => {
    const namespace = provider === undefined ? undefined : namespaces.get(provider);
    return {
      type,
      name,
      props,
      urn,
      dependencies,
      ...(parent !== undefined && { parent }),
      ...(typeof namespace === "string" && namespace !== "" && { defaultNamespace: namespace }),
    };
  };
  return {
    resources: registrations.filter(({ custom }) => custom).map(place),
    components: registrations.filter(({ custom }) => !custom).map(place),
  };
}

import * as pulumi from "@pulumi/pulumi";
import { setAllConfig } from "@pulumi/pulumi/runtime";
import type { RegisterResourceRequest, RegisterResourceResponse } from "@pulumi/pulumi/proto/resource_pb";
import { withoutSecretMarks } from "./declare";

/** A Pulumi program and its inputs. */
export interface Program {
  project: string;
  stack: string;
  /** Config with namespaces, as text. */
  config: Record<string, string>;
  /** Imports the program; what it exports are the stack's outputs. */
  load: () => Promise<Record<string, unknown>>;
}

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
function placed(registrations: readonly Registration[]): DeclaredProgram {
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

/** What a program says when it registers a resource. */
export interface Registration {
  type: string;
  name: string;
  /** False for a component, which only holds others. */
  custom: boolean;
  props: Record<string, unknown>;
  /** Empty until the resource has been made, as all that is registered has been once the program is over. */
  urn: string;
  /** URNs of all that it waits for: by dependsOn, and by values that come from others. */
  dependencies: string[];
  parent?: string;
  /** URN of its provider. */
  provider?: string;
  /** Inputs that stay as they were when the resource was made. */
  ignoreChanges?: string[];
}

type Answered = (error: Error | null, response?: RegisterResourceResponse) => void;

/** The one method of the SDK's monitor that is listened to. */
interface Monitor {
  registerResource(request: RegisterResourceRequest, answered: Answered): unknown;
}

/**
 * Reports each resource that the program registers from now on. The mocks of the SDK get neither URN, parent nor
 * dependencies; all are in the request of the SDK.
 * @throws Error if nothing stands in for the engine, which `setMocks` sees to.
 */
export function watchRegistrations(seen: (registration: Registration) => void): void {
  const monitor = pulumi.runtime.getMonitor() as unknown as Monitor | undefined;
  if (monitor === undefined) {
    throw new Error("no resource can be watched before runtime.setMocks");
  }
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, answered) => {
    const registration = registrationOf(request);
    seen(registration);
    return register(request, (error, response) => {
      registration.urn = response?.getUrn() ?? "";
      answered(error, response);
    });
  };
}

function registrationOf(request: RegisterResourceRequest): Registration {
  const inputs = request.getObject();
  const parent = request.getParent();
  // A reference to a provider is its URN and its id.
  const provider = request.getProvider().split("::").slice(0, -1).join("::");
  return {
    type: request.getType(),
    name: request.getName(),
    custom: request.getCustom(),
    props: inputs ? (withoutSecretMarks(pulumi.runtime.deserializeProperties(inputs)) as Record<string, unknown>) : {},
    urn: "",
    dependencies: request.getDependenciesList(),
    ...(request.getIgnorechangesList().length > 0 && { ignoreChanges: request.getIgnorechangesList() }),
    ...(parent !== "" && { parent }),
    ...(provider !== "" && { provider }),
  };
}

import { runtime } from "@pulumi/pulumi";
import type { RegisterResourceRequest, RegisterResourceResponse } from "@pulumi/pulumi/proto/resource_pb";
import { withoutSecretMarks } from "./secrets";

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
  const monitor = runtime.getMonitor() as unknown as Monitor | undefined;
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
    props: inputs ? (withoutSecretMarks(runtime.deserializeProperties(inputs)) as Record<string, unknown>) : {},
    urn: "",
    dependencies: request.getDependenciesList(),
    ...(request.getIgnorechangesList().length > 0 && { ignoreChanges: request.getIgnorechangesList() }),
    ...(parent !== "" && { parent }),
    ...(provider !== "" && { provider }),
  };
}

import { isGuarded } from "../../components/guards";
import type { DeclaredService } from "../../stacks/declared";
import { skip } from "./check";
import type { Context, Outcome } from "./check";

/** A service, and how it is asked through the gateway. */
export interface GatewayRoute {
  service: DeclaredService;
  /** Its path. */
  path: string;
  /** URL of its path. */
  url: string;
}

/** @returns `name` below a path or a URL, which may end with a slash. */
export function joinPath(path: string, name: string): string {
  return `${path.replace(/\/$/, "")}/${name}`;
}

/** @returns the services that have a path, in their order; none if the gateway's address is not known. */
export function gatewayRoutes({ declared, gatewayUrl }: Pick<Context, "declared" | "gatewayUrl">): GatewayRoute[] {
  return declared.services.flatMap((service) =>
    service.path === undefined || gatewayUrl === undefined
      ? []
      : [{ service, path: service.path, url: gatewayUrl + service.path }],
  );
}

/** @returns those of {@link gatewayRoutes} that answer without a token, whatever an external authorizer says. */
export function openRoutes(context: Pick<Context, "declared" | "gatewayUrl">): GatewayRoute[] {
  return gatewayRoutes(context).filter(({ service, path }) => !isGuarded(service, path));
}

/**
 * @returns the route over which a request is sent to be followed: the first whose service gets all that is sent to it,
 * or, where there is none, that nothing can be sent. What is aborted on purpose, or lacks a token, never arrives.
 */
export function followedRoute(context: Pick<Context, "declared" | "gatewayUrl">): GatewayRoute | Outcome {
  const routes = openRoutes(context);
  const arriving = routes.find(({ service }) => !service.fault?.abort);
  return (
    arriving ??
    skip(
      routes.length > 0
        ? "every service that has a path on the gateway fails requests on purpose"
        : "no service has a path on the gateway that is open without a token, or its address is not known",
    )
  );
}

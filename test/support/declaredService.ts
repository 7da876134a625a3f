import type { DeclaredService } from "../../stacks/declared";

/** @returns a service as in the output `declared`, of one Deployment and without a policy unless `more` says so. */
export function declaredService(name: string, more: Partial<DeclaredService> = {}): DeclaredService {
  return { name, port: 8080, deployments: [name], callers: [], ...more };
}

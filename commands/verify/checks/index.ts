import type { Check } from "../check";
import { accessLog } from "./accessLog";
import { applicationFiles, applicationOutput } from "./applicationLog";
import { certificates, identities } from "./certificates";
import { edges } from "./edges";
import { exercise } from "./exercise";
import { injected, versions } from "./injected";
import { injector, istiod } from "./istiod";
import { metrics } from "./metrics";
import { mtls } from "./mtls";
import { namespace } from "./namespace";
import { grafana, kiali } from "./pages";
import { restarts } from "./restarts";
import { routes } from "./routes";
import { synced } from "./synced";
import { traces } from "./traces";
import { trafficPolicy } from "./trafficPolicy";
import { gateway, rateLimit, workloads } from "./workloads";

/** All checks, what is further down in the stack first. */
export const checks: readonly Check[] = [
  istiod,
  injector,
  gateway,
  namespace,
  workloads,
  rateLimit,
  injected,
  versions,
  certificates,
  identities,
  synced,
  routes,
  mtls,
  edges,
  trafficPolicy,
  metrics,
  traces,
  accessLog,
  applicationOutput,
  applicationFiles,
  kiali,
  grafana,
  exercise,
  restarts,
];

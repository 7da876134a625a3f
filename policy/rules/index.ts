/** Every rule, in the order of their page: by subject, and within it by name. */
import type { Rule } from "../rule";
import * as ambient from "./ambient";
import * as annotations from "./annotations";
import * as authorization from "./authorization";
import * as envoyFilters from "./envoyFilters";
import * as destinationRules from "./destinationRules";
import * as gatewayApi from "./gatewayApi";
import * as gateways from "./gateways";
import * as injection from "./injection";
import * as operations from "./operations";
import * as ports from "./ports";
import * as routeMatches from "./routeMatches";
import * as routing from "./routing";
import * as schema from "./schema";
import * as security from "./security";
import * as selectors from "./selectors";
import * as serviceEntries from "./serviceEntries";
import * as telemetry from "./telemetry";
import * as visibility from "./visibility";

const subjects = [
  injection,
  ports,
  routing,
  routeMatches,
  destinationRules,
  ambient,
  visibility,
  gateways,
  gatewayApi,
  selectors,
  security,
  authorization,
  serviceEntries,
  telemetry,
  envoyFilters,
  annotations,
  schema,
  operations,
];

/** All rules: each rule that a file of a subject exports. */
export const rules: readonly Rule[] = subjects.flatMap((subject): Rule[] => Object.values(subject));

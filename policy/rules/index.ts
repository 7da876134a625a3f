/** Every rule, in the order of their pages. */
import type { Rule } from "../rule";
import { annotationCurrent } from "./annotationCurrent";
import { annotationKnown } from "./annotationKnown";
import { annotationPlacement } from "./annotationPlacement";
import { annotationStable } from "./annotationStable";
import { annotationValid } from "./annotationValid";
import { authzTargetsExist } from "./authzTargetsExist";
import { canonicalLabels } from "./canonicalLabels";
import { controlPlaneAddress } from "./controlPlaneAddress";
import { dashboardsNotPublic } from "./dashboardsNotPublic";
import { destinationRuleHostKnown } from "./destinationRuleHostKnown";
import { destinationRuleOnLookupPath } from "./destinationRuleOnLookupPath";
import { envoyFilterOperationValid } from "./envoyFilterOperationValid";
import { envoyFilterOrderExplicit } from "./envoyFilterOrderExplicit";
import { externalNamePort } from "./externalNamePort";
import { gatewayApiVersion } from "./gatewayApiVersion";
import { gatewayCertificatesUnique } from "./gatewayCertificatesUnique";
import { gatewayCredentialValid } from "./gatewayCredentialValid";
import { gatewayHostMatches } from "./gatewayHostMatches";
import { gatewayReferenceValid } from "./gatewayReferenceValid";
import { gatewaySelectorEffective } from "./gatewaySelectorEffective";
import { gatewayWorkloadPort } from "./gatewayWorkloadPort";
import { gatewaysDisjoint } from "./gatewaysDisjoint";
import { hostNetworkBypassesMesh } from "./hostNetworkBypassesMesh";
import { imageAutoInjected } from "./imageAutoInjected";
import { imagesPinned } from "./imagesPinned";
import { ingressSubsetEffective } from "./ingressSubsetEffective";
import { injectLabelOnTemplate } from "./injectLabelOnTemplate";
import { injectValueExact } from "./injectValueExact";
import { injectionLabelValid } from "./injectionLabelValid";
import { injectionLabelsExclusive } from "./injectionLabelsExclusive";
import { injectorWebhookValid } from "./injectorWebhookValid";
import { jobNeedsNativeSidecar } from "./jobNeedsNativeSidecar";
import { jwksUriRestricted } from "./jwksUriRestricted";
import { jwtRouteHasAuthn } from "./jwtRouteHasAuthn";
import { meshHostsUnique } from "./meshHostsUnique";
import { mtlsModesAgree } from "./mtlsModesAgree";
import { namespaceMembershipExplicit } from "./namespaceMembershipExplicit";
import { noDeprecatedFields } from "./noDeprecatedFields";
import { noProxyPorts } from "./noProxyPorts";
import { noProxyUid } from "./noProxyUid";
import { oneProtocolPerPort } from "./oneProtocolPerPort";
import { policyEffective } from "./policyEffective";
import { portProtocolDeclared } from "./portProtocolDeclared";
import { psaRestrictedNeedsCni } from "./psaRestrictedNeedsCni";
import { retriesNeedTimeout } from "./retriesNeedTimeout";
import { revisionExists } from "./revisionExists";
import { routeDestinationExists } from "./routeDestinationExists";
import { schemaAdvice } from "./schemaAdvice";
import { schemaValid } from "./schemaValid";
import { selectorMatchesWorkload } from "./selectorMatchesWorkload";
import { selectorsDisjoint } from "./selectorsDisjoint";
import { serverFirstExplicitTcp } from "./serverFirstExplicitTcp";
import { serviceEntryAddresses } from "./serviceEntryAddresses";
import { serviceEntryProtocolsAgree } from "./serviceEntryProtocolsAgree";
import { strictMtlsHasProxy } from "./strictMtlsHasProxy";
import { subsetDefined } from "./subsetDefined";
import { subsetRuleBeforeRoute } from "./subsetRuleBeforeRoute";
import { subsetSelectsPods } from "./subsetSelectsPods";
import { targetPortExists } from "./targetPortExists";
import { telemetryProviderNamed } from "./telemetryProviderNamed";
import { tlsVerifiesServer } from "./tlsVerifiesServer";
import { unreachableRoute } from "./unreachableRoute";
import { workloadDependsOnInjector } from "./workloadDependsOnInjector";
import { workloadGetsSidecar } from "./workloadGetsSidecar";

/** All rules. */
export const rules: readonly Rule[] = [
  workloadGetsSidecar,
  workloadDependsOnInjector,
  injectionLabelValid,
  injectionLabelsExclusive,
  revisionExists,
  injectLabelOnTemplate,
  injectValueExact,
  imageAutoInjected,
  noProxyUid,
  noProxyPorts,
  namespaceMembershipExplicit,
  hostNetworkBypassesMesh,
  jobNeedsNativeSidecar,
  psaRestrictedNeedsCni,
  injectorWebhookValid,
  controlPlaneAddress,
  portProtocolDeclared,
  externalNamePort,
  serverFirstExplicitTcp,
  oneProtocolPerPort,
  targetPortExists,
  canonicalLabels,
  routeDestinationExists,
  subsetDefined,
  subsetRuleBeforeRoute,
  subsetSelectsPods,
  destinationRuleHostKnown,
  destinationRuleOnLookupPath,
  unreachableRoute,
  retriesNeedTimeout,
  meshHostsUnique,
  ingressSubsetEffective,
  gatewayReferenceValid,
  gatewayHostMatches,
  gatewayWorkloadPort,
  gatewaysDisjoint,
  gatewayCertificatesUnique,
  gatewayCredentialValid,
  gatewaySelectorEffective,
  gatewayApiVersion,
  selectorsDisjoint,
  selectorMatchesWorkload,
  policyEffective,
  mtlsModesAgree,
  strictMtlsHasProxy,
  tlsVerifiesServer,
  authzTargetsExist,
  jwtRouteHasAuthn,
  jwksUriRestricted,
  serviceEntryAddresses,
  serviceEntryProtocolsAgree,
  telemetryProviderNamed,
  envoyFilterOperationValid,
  envoyFilterOrderExplicit,
  annotationKnown,
  annotationPlacement,
  annotationValid,
  annotationCurrent,
  annotationStable,
  noDeprecatedFields,
  schemaValid,
  schemaAdvice,
  dashboardsNotPublic,
  imagesPinned,
];

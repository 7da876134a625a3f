/**
 * Seconds a pod of the mesh goes on serving after its deletion began: until then every proxy knows that its endpoint is
 * gone, so that a rollout or a removal loses no request. istiod collects changes for up to 10 s before it sends them,
 * while they do not end (PILOT_DEBOUNCE_MAX, https://istio.io/latest/docs/reference/commands/pilot-discovery/#envvars).
 */
export const drainSeconds = 12;

/**
 * Lets a container go on for so long after the pod's deletion began; by the kubelet, for an image may have no shell.
 */
export function sleepBeforeStop(seconds = drainSeconds) {
  return { preStop: { sleep: { seconds } } };
}

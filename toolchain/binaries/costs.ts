import type { GroupName } from "./groups";

/** What it takes to build a group. */
export interface BuildCost {
  /** Seconds on two processors with nothing else at work. */
  seconds: number;
  /** Packages that are compiled, those that a group before it has compiled left out. */
  packages: number;
  /** Most of its time goes into packages that wait for each other, on one processor: another group is compiled beside it. */
  inSequence?: boolean;
}

/**
 * Every group, in the order in which they are built where several are wanted: what traffic needs comes first, and of that what others wait
 * for. Packages are counted by `go list -deps`. Seconds are what progress is reckoned with, and corrected by the speed of the machine; take
 * them from `npm run bench:first-build` when a group's packages change.
 */
export const buildCosts: Readonly<Record<GroupName, BuildCost>> = {
  core: { seconds: 560, packages: 4450 },
  etcd: { seconds: 18, packages: 115 },
  "local-path": { seconds: 6, packages: 6 },
  "http-echo": { seconds: 3, packages: 2 },
  fortio: { seconds: 8, packages: 30 },
  pulumi: { seconds: 190, packages: 1190 },
  "pulumi-kubernetes": { seconds: 250, packages: 295, inSequence: true },
  ratelimit: { seconds: 10, packages: 60 },
  "istio-cni": { seconds: 10, packages: 40 },
  prometheus: { seconds: 110, packages: 435 },
  alertmanager: { seconds: 48, packages: 300 },
  jaeger: { seconds: 160, packages: 1365 },
  otelcol: { seconds: 70, packages: 425 },
  loki: { seconds: 245, packages: 1145 },
  kwok: { seconds: 110, packages: 675 },
};

/** @returns a group's place in the order. Pure. */
export function rankOf(name: GroupName): number {
  return Object.keys(buildCosts).indexOf(name);
}

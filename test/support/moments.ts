/** What is done to a run. */
const kills = ["kill npm start", "kill npm start and what it runs"] as const;
const others = ["kill the API server", "kill istiod", "kill kubelet", "kill npm run down"] as const;

/** One interruption. */
export interface Moment {
  blow: (typeof kills)[number] | (typeof others)[number];
  /** Whether there is nothing in the cluster before, or a stack that the run changes. */
  from: "nothing" | "a running stack";
  /** When: a part of the time that an undisturbed run takes, or the state that Helm has noted for a release. */
  at: number | { release: string; status: string };
  /** Whether the next is `npm run down`, before `npm start`. */
  downNext: boolean;
  /**
   * Whether what pulumi runs is killed, too. It is in process groups of its own, and goes on for a while without it.
   */
  whole: boolean;
  /** Whether the next `npm start` goes back to what was there before the run, rather than on. */
  back?: boolean;
}

/** Random numbers from 0 to 1 that a seed determines (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @returns the moments of a seed: each blow in turn, the killing of npm start most often. */
export function momentsOf(seed: number, count: number): Moment[] {
  // Streams of their own, so that what is added here changes no moment of a seed.
  const [random, randomNext, randomWhole] = [randomFrom(seed), randomFrom(seed + 1), randomFrom(seed + 2)];
  return Array.from({ length: count }, (_, i): Moment => {
    // Every fourth moment is a blow to the cluster instead.
    const blow = i % 4 === 2 ? others[Math.floor(i / 4) % others.length]! : kills[Math.floor(random() * kills.length)]!;
    const from = random() < 0.6 && blow !== "kill npm run down" ? "nothing" : "a running stack";
    const [downNext, whole] = [randomNext() < 0.25, randomWhole() < 0.5];
    return { blow, from, at: 0.02 + 0.96 * random(), downNext, whole };
  });
}

/** What is hardest to mend: a release that is half made, half changed, half removed. */
export const tellingMoments: Moment[] = [
  {
    blow: "kill npm start and what it runs",
    from: "nothing",
    at: { release: "istiod", status: "pending-install" },
    downNext: false,
    whole: true,
  },
  {
    blow: "kill npm start and what it runs",
    from: "a running stack",
    at: { release: "istiod", status: "pending-upgrade" },
    downNext: false,
    whole: true,
    back: true,
  },
  {
    blow: "kill npm run down",
    from: "a running stack",
    at: { release: "istio-ingressgateway", status: "uninstalling" },
    downNext: false,
    whole: true,
  },
];

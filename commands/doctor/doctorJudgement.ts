import type { Problem } from "../../toolchain/requirements";
import type { SupportJudgement } from "./istioSupport";
import { nodeFix, nodeVersions, atLeast } from "../up/nodeVersion";

/** What there is on this machine; a version is what the program itself prints, undefined where it does not run. */
export interface MachineFacts {
  node: string;
  /** Whether `npm ci` has installed what package-lock.json lists. */
  packages: "installed" | "missing" | "outdated";
  versions: Record<Tool, string | undefined>;
  /** Whether a Docker or Podman daemon answers. */
  containers: boolean;
  /** Context that `npm start` would take from the kubeconfig, if it is local. */
  localContext?: string;
  /** The current context, if it is not local. */
  remoteContext?: string;
  /** Whether the embedded cluster runs. */
  sandboxRuns: boolean;
  /** Reasons why the embedded cluster cannot start, from its own checks. */
  sandboxProblems: readonly Problem[];
  /** Whether Istio still supports the version that the stack has by default. */
  istioSupport: SupportJudgement;
}

/** A program that is asked for its version. */
export type Tool = "pulumi" | "kubectl" | "kind" | "minikube" | "go";

/** What a user may want to do with the project. */
export const purposeNames = ["tests", "preview", "sandbox", "kind", "minikube", "dashboards", "workflows"] as const;

/** One of {@link purposeNames}. */
export type PurposeName = (typeof purposeNames)[number];

/** One thing that a purpose needs. */
export interface Need {
  state: "ok" | "advice" | "missing";
  /** What was found, or what is missing. */
  text: string;
  /** What to do; always there unless the state is ok. */
  fix?: string;
}

/** A purpose, and how far this machine is fit for it. */
export interface Purpose {
  name: PurposeName;
  /** What it is, and the command that needs it. */
  what: string;
  needs: Need[];
}

/** @returns each purpose with what it needs here. */
export function judgeMachine(facts: MachineFacts): Purpose[] {
  const all = [node(facts), packages(facts)];
  // Advice is given once, not for each purpose.
  const basics = all.filter(({ state }) => state === "missing");
  return [
    { name: "tests", what: "unit tests, policies, mesh-check: npm test", needs: all },
    {
      name: "preview",
      what: "pulumi preview and up: npm run ci:preview, npm start",
      needs: [...basics, pulumi(facts), istio(facts)],
    },
    { name: "sandbox", what: "the embedded cluster: npm start -- --sandbox", needs: [...basics, ...sandbox(facts)] },
    { name: "kind", what: "a kind cluster: npm start", needs: [...basics, ...local("kind", facts)] },
    { name: "minikube", what: "a minikube cluster: npm start", needs: [...basics, ...local("minikube", facts)] },
    { name: "dashboards", what: "port-forwards: npm run dashboards", needs: [...basics, kubectl(facts)] },
    { name: "workflows", what: "actionlint: npm run lint:workflows", needs: [go(facts)] },
  ];
}

/** Whether nothing is missing; advice does not count. */
export function isReady({ needs }: Purpose): boolean {
  return needs.every(({ state }) => state !== "missing");
}

/**
 * @returns whether the machine will do: for all that is asked for; or, if nothing is, for the unit tests and some
 * cluster.
 */
export function isFit(purposes: readonly Purpose[], asked: readonly PurposeName[], facts: MachineFacts): boolean {
  const ready = (name: PurposeName) => purposes.some((purpose) => purpose.name === name && isReady(purpose));
  if (asked.length > 0) {
    return asked.every(ready);
  }
  const cluster = facts.localContext !== undefined || (["sandbox", "kind", "minikube"] as const).some(ready);
  return ready("tests") && cluster;
}

function node({ node: version }: MachineFacts): Need {
  const text = `Node ${version}`;
  if (atLeast(version, nodeVersions.supported)) {
    return { state: "ok", text };
  }
  return atLeast(version, nodeVersions.works)
    ? { state: "advice", text: `${text}: @pulumi/pulumi asks for 22, npm ci warns of it`, fix: nodeFix }
    : { state: "missing", text: `${text} is too old`, fix: nodeFix };
}

function packages({ packages: state }: MachineFacts): Need {
  return state === "installed"
    ? { state: "ok", text: "packages are installed" }
    : { state: "missing", text: `npm packages are ${state}`, fix: "npm ci" };
}

function pulumi({ versions }: MachineFacts): Need {
  return versions.pulumi === undefined
    ? {
        state: "advice",
        text: "no Pulumi CLI yet",
        fix: "npm start fetches it the first time, through the npm package pulumi; where it cannot, it builds it once from Go modules",
      }
    : found("Pulumi CLI", versions.pulumi);
}

/** An old Istio works; what is found in it is not mended any more. */
function istio({ istioSupport: { state, text, fix } }: MachineFacts): Need {
  return { state: state === "supported" ? "ok" : "advice", text, fix };
}

function sandbox({ sandboxRuns, sandboxProblems }: MachineFacts): Need[] {
  const problems = sandboxProblems.map(({ cause, fix }): Need => ({ state: "missing", text: cause, fix }));
  return sandboxRuns
    ? [{ state: "ok", text: "it runs" }]
    : problems.length > 0
      ? problems
      : [{ state: "ok", text: "nothing keeps it from starting" }];
}

function local(tool: "kind" | "minikube", facts: MachineFacts): Need[] {
  const version = facts.versions[tool];
  const where = { kind: "https://kind.sigs.k8s.io", minikube: "https://minikube.sigs.k8s.io" }[tool];
  const needs: Need[] = [
    version === undefined
      ? { state: "missing", text: `no ${tool}`, fix: `install it: ${where}` }
      : found(tool, version),
    facts.containers
      ? { state: "ok", text: "a container engine answers" }
      : { state: "missing", text: "no container engine answers", fix: "install and start Docker or Podman" },
  ];
  if (facts.remoteContext !== undefined) {
    const fix = `npm start will create a cluster of its own; for the other one: npm start -- --context ${facts.remoteContext}`;
    needs.push({ state: "advice", text: `the current context ${facts.remoteContext} is not local`, fix });
  }
  return needs;
}

function kubectl({ versions, sandboxRuns }: MachineFacts): Need {
  if (versions.kubectl !== undefined) {
    return found("kubectl", versions.kubectl);
  }
  return sandboxRuns
    ? { state: "ok", text: "the embedded cluster brings its own kubectl" }
    : { state: "missing", text: "no kubectl", fix: "install it: https://kubernetes.io/docs/tasks/tools" };
}

function go({ versions }: MachineFacts): Need {
  return versions.go === undefined
    ? { state: "missing", text: "no Go", fix: "install Go 1.26 or newer from https://go.dev/dl" }
    : found("Go", versions.go);
}

function found(name: string, version: string): Need {
  return { state: "ok", text: `${name} ${/v?\d+\.\d+(\.\d+)?/.exec(version)?.[0] ?? version.trim()}` };
}

const signs = { ok: "ok", advice: "!", missing: "missing" };

/** @returns the purposes as lines for a person. */
export function describePurposes(purposes: readonly Purpose[]): string[] {
  return purposes.flatMap((purpose) => [
    `${isReady(purpose) ? "ready    " : "not ready"} ${purpose.name}: ${purpose.what}`,
    ...purpose.needs.flatMap(({ state, text, fix }) => [
      `  ${signs[state].padEnd(8)} ${text}`,
      ...(fix === undefined ? [] : [`           ${fix}`]),
    ]),
  ]);
}

import { curl } from "../../stacks/curl";
import { parseDeclared } from "../../stacks/declaredText";
import { quoted } from "../../stacks/kubectl";
import type { Flags } from "../shared/flags";

/** Requests that are shown. */
const shownRequests = 2;

/**
 * @param outputs Outputs of the stack.
 * @param flags Flags of this run that choose stack and cluster: the next commands need them, too.
 * @returns what a person needs after an update, as lines: the gateway's URL, two requests, verify, and dashboards.
 * Pure.
 */
export function nextSteps(
  outputs: Record<string, unknown>,
  flags: Pick<Flags, "stack" | "context" | "kubeconfig" | "sandbox">,
): string[] {
  const { gatewayUrl, readme } = outputs;
  const url = typeof gatewayUrl === "string" ? gatewayUrl : undefined;
  const { gateway, services = [] } = parseDeclared(outputs.declared) ?? {};
  const paths = services.flatMap(({ path, calls = [] }) => [
    ...(path === undefined ? [] : [path]),
    ...calls.map((call) => call.path),
  ]);
  const asked = { hosts: [], ...gateway, url: url ?? "http://localhost:8080" };
  // The readme has it where the gateway answers on no address of its own.
  const [forward] = typeof readme === "string" ? (/^kubectl .*port-forward .*$/m.exec(readme) ?? []) : [];
  return [
    row("gateway", url ?? "no address is known"),
    ...(forward === undefined ? [] : [row("first", forward)]),
    ...paths.slice(0, shownRequests).map((path, i) => row(i === 0 ? "try" : "", curl(asked, path))),
    row("check", `npm run verify${chosenBy(flags)}`),
    row("look", `npm run dashboards${chosenBy(flags)}`),
  ];
}

function row(what: string, text: string): string {
  return `${what.padEnd(9)}${text}`;
}

/** @returns the flags that choose the same stack and cluster again, as a command line has them. */
function chosenBy({
  stack,
  context,
  kubeconfig,
  sandbox,
}: Pick<Flags, "stack" | "context" | "kubeconfig" | "sandbox">): string {
  const words = [
    ...Object.entries({ stack, context, kubeconfig }).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name} ${quoted(value)}`],
    ),
    ...(sandbox ? ["--sandbox"] : []),
  ];
  return words.length > 0 ? ` -- ${words.join(" ")}` : "";
}

import type { DeclaredMesh } from "./declared";

/**
 * Text that is not JSON as a whole stays one short line where the CLI shows outputs; an object, or JSON, fills the
 * screen.
 */
const beginning = "for npm run verify: ";

/** @returns what a stack declares as the output `declared` has it. */
export function declaredText(mesh: DeclaredMesh): string {
  return beginning + JSON.stringify(mesh);
}

/** @returns what an output `declared` tells; undefined if it is none, or of an older version of this program. */
export function parseDeclared(output: unknown): DeclaredMesh | undefined {
  return typeof output === "string" && output.startsWith(beginning)
    ? (JSON.parse(output.slice(beginning.length)) as DeclaredMesh)
    : undefined;
}

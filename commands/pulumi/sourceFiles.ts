/** A resource in the output of `pulumi preview --json`, as far as it is read here. */
interface PreviewedResource {
  urn: string;
  /** Where the program makes it, from the inside out. */
  stackTrace?: { sourcePosition?: string }[];
}

/** Files that make resources for others: their callers say more. */
const helpers = /^components\/istioApi\//;

/**
 * @param printed What `pulumi preview --json` prints.
 * @returns the file of this project that declares a resource, by URN. Lines are those of compiled code, and left out. Pure.
 */
export function sourceFiles(printed: string): Record<string, string> {
  const { steps = [] } = JSON.parse(printed) as { steps?: { newState?: PreviewedResource }[] };
  return Object.fromEntries(
    steps.flatMap(({ newState }) => {
      const files = (newState?.stackTrace ?? []).flatMap(({ sourcePosition }) => fileOf(sourcePosition) ?? []);
      const file = files.find((one) => !helpers.test(one));
      return newState && file !== undefined ? [[newState.urn, file] as const] : [];
    }),
  );
}

function fileOf(position: string | undefined): string | undefined {
  const [, file] = /^project:\/\/\/([^#]+)/.exec(position ?? "") ?? [];
  return file === undefined || file.startsWith("..") || file.includes("node_modules/") ? undefined : file;
}

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
 * @returns the place in this project that declares a resource, as `file:line`, by URN. Pure.
 */
export function sourcePlaces(printed: string): Record<string, string> {
  const { steps = [] } = JSON.parse(printed) as { steps?: { newState?: PreviewedResource }[] };
  return Object.fromEntries(
    steps.flatMap(({ newState }) => {
      const places = (newState?.stackTrace ?? []).flatMap(({ sourcePosition }) => placeOf(sourcePosition) ?? []);
      const place = places.find((one) => !helpers.test(one));
      return newState && place !== undefined ? [[newState.urn, place] as const] : [];
    }),
  );
}

function placeOf(position: string | undefined): string | undefined {
  const [, file, line] = /^project:\/\/\/([^#]+)#(\d+)/.exec(position ?? "") ?? [];
  const isOurs = file !== undefined && !file.startsWith("..") && !file.includes("node_modules/");
  return isOurs ? `${file}:${line}` : undefined;
}

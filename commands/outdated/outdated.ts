import { defineCommand } from "../shared/defineCommand";
import { parseStrictly } from "../shared/flags";
import { goPins } from "./goPins";
import { chartPins, imagePins } from "./imagePins";
import { debianPins, wheelPins, npmPins } from "./installPins";
import { type Pin, describePins, mergePins, verdictOf } from "./pin";

const help = `npm run outdated -- [flags]

Lists the versions that this project pins and of which a registry has a later one: npm packages, Go modules, images, Istio's charts,
Debian's packages and Envoy's wheel. Changes nothing. It says which registry it could not ask, and goes on.

      --all   List what is current, too
      --json  Print the result as one JSON object on the last line
  -h, --help  This text
`;

/** Flags of `npm run outdated`. */
function parse(argv: readonly string[]) {
  return parseStrictly(argv, {
    all: { type: "boolean", default: false },
  }).values;
}

/** Who is asked, by the name that a person reads. */
export type Sources = Readonly<Record<string, () => Promise<Pin[]>>>;

const sources: Sources = {
  "npm packages": () => npmPins(),
  "Go modules": () => goPins(),
  images: () => imagePins(),
  "Istio's charts": () => chartPins(),
  "Envoy's wheel": wheelPins,
  "Debian's packages": debianPins,
};

/** @returns all pins in the order of the sources, and a line for each source that could not be asked. */
export async function gatherPins(asked: Sources = sources): Promise<{ pins: Pin[]; problems: string[] }> {
  const problems: string[] = [];
  const pins = await Promise.all(
    Object.entries(asked).map(async ([name, ask]) => {
      try {
        return await ask();
      } catch (error) {
        problems.push(`${name}: ${(error as Error).message}`);
        return [];
      }
    }),
  );
  return { pins: mergePins(pins.flat()), problems: problems.sort() };
}

/** `npm run outdated`. */
export const command = defineCommand(
  __filename,
  help,
  async ({ all, json }) => {
    const { pins, problems } = await gatherPins();
    if (!json) {
      console.log(describePins(pins, problems, all).join("\n"));
    }
    return { pins: pins.map((pin) => ({ ...pin, verdict: verdictOf(pin) })), problems };
  },
  parse,
);

import { delimiter } from "node:path";
import { builtGroup, expectedInfo } from "../toolchain";
import { parseStrictly } from "./flags";
import { findPulumi } from "./pulumi/cli";
import { commandFolder, pulumiEnvironment } from "./pulumi/environment";
import { runCommand } from "./runCommand";
import { shellLines } from "./shell";
import { existsSync } from "node:fs";

const help = `npm run --silent env

Prints what a shell needs for pulumi, kubectl, helm and istioctl to work on what npm start made:

  eval "$(npm run --silent env)"
  pulumi preview --stack dev

PATH with the Pulumi CLI, and with the tools of the embedded cluster where they are built; KUBECONFIG of the embedded cluster where
there is one; Pulumi's backend and passphrase file. What is set already is left as it is.

      --json              Print it as one JSON object
  -h, --help              This text
`;

/** Flags of `npm run env`. */
function parse(argv: readonly string[]) {
  const { values } = parseStrictly({
    args: [...argv],
    allowPositionals: false,
    options: { json: { type: "boolean", default: false }, help: { type: "boolean", short: "h", default: false } },
  });
  return values;
}

runCommand(
  help,
  async ({ json }, log) => {
    const cli = await findPulumi(log);
    const own = await pulumiEnvironment(cli);
    const { kubeconfig } = expectedInfo();
    const tools = builtGroup("core");
    const known = (process.env.PATH ?? "").split(delimiter);
    const folders = [commandFolder(cli), ...(tools === undefined ? [] : [tools])].filter(
      (folder) => !known.includes(folder),
    );
    const variables = {
      ...own,
      ...(process.env.KUBECONFIG === undefined && existsSync(kubeconfig) && { KUBECONFIG: kubeconfig }),
    };
    if (!json) {
      console.log(shellLines(variables, folders).join("\n"));
    }
    return { ...variables, folders };
  },
  parse,
);

import { parseArgs } from "node:util";
import { builds } from "./binaries/builds";
import { describeStatus, down, expectedInfo, reset, status, up } from "./index";
import { timedLogger } from "./system/log";

const usage = `usage: npm run sandbox -- COMMAND [--nodes N]
  up          start the embedded cluster, or mend it; --nodes 3 makes a control plane and two workers, the default is one node
  status      how each of its nodes is
  down        stop it, keep its state
  reset       delete it
  kubeconfig  print the path of its kubeconfig`;

async function main(argv: string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { nodes: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const nodes = values.nodes === undefined ? undefined : Number(values.nodes);
  if (nodes !== undefined && !(Number.isInteger(nodes) && nodes >= 1 && nodes <= 9)) {
    throw new Error(`--nodes ${values.nodes}: use a number from 1 to 9`);
  }
  const log = builds.showProgress(timedLogger((line) => console.log(line)));
  switch (positionals.length === 1 ? positionals[0] : undefined) {
    case "up":
      await up({ log, nodes });
      return 0;
    case "down":
      await down({ log });
      return 0;
    case "reset":
      await reset({ log });
      return 0;
    case "status": {
      const now = await status();
      describeStatus(now).forEach((line) => console.log(line));
      return now.healthy ? 0 : 1;
    }
    case "kubeconfig":
      console.log(expectedInfo().kubeconfig);
      return 0;
    default:
      console.error(usage);
      return 2;
  }
}

main(process.argv.slice(2)).then(
  // What is still compiled or downloaded must not keep a command alive that has ended.
  (code) => process.exit(code),
  (error: Error) => {
    console.error(error.message);
    process.exit(1);
  },
);

import { describeStatus, down, expectedInfo, reset, status, up } from "./index";
import { timedLogger } from "./system/log";

const usage = `usage: npm run sandbox -- COMMAND
  up          start the embedded cluster, or mend it
  status      how each of its processes is
  down        end it, keep the cluster's data
  reset       end it and delete the cluster's data
  kubeconfig  print the path of its kubeconfig`;

async function main([command]: string[]): Promise<number> {
  const log = timedLogger((line) => console.log(line));
  switch (command) {
    case "up":
      await up({ log });
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
  (code) => (process.exitCode = code),
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);

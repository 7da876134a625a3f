import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../../commands/session/stackFiles";
import { run, tryRun } from "../../toolchain/system/run";
import { copyOfProject } from "./copyOfProject";

/** The page that the examples are on. */
export const examplesPage = "docs/pull-requests.md";

/** A change, as a pull request has one. */
interface Example {
  title: string;
  /** What is changed, for the page. */
  change: string;
  /** Makes the change in a copy of the project. */
  make: (copy: string) => void;
}

const services = `  sidecar-mesh:services:
    - name: user-service
      text: Hello from User Service
      path: /user
      calls: [{ path: /user/orders, service: payment-service }]
      circuitBreaker: { maxRequests: 100, maxPendingRequests: 100, consecutive5xx: 5 }
      rateLimit: { tokens: 100, fillInterval: 1s, burst: 200 }
    - name: payment-service
      text: Hello from Payment Service
      allowFrom: [user-service, order-service]
    - name: order-service
      text: Hello from Order Service
      path: /orders
`;

const security = `  sidecar-mesh:mutualTls: PERMISSIVE
  sidecar-mesh:dashboardsExposed: true
`;

/** What a Deployment selects its pods by, before and after. */
const labels = {
  before: 'const labels = { app: args.serviceName, version: args.version ?? "v1" };',
  after: 'const labels = { app: args.serviceName, version: args.version ?? "v1", tier: "backend" };',
};

const examples: readonly Example[] = [
  {
    title: "A new service, and one that leaves the gateway",
    change: `\`Pulumi.dev.yaml\` gets the services of the default stack; \`payment-service\` has no path any more, and \`order-service\` is new:\n\n\`\`\`yaml\nconfig:\n${services}\`\`\``,
    make: (copy) => appendFileSync(join(copy, "Pulumi.dev.yaml"), services),
  },
  {
    title: "Another label for pods",
    change: `\`components/echoService.ts\` gets one more label, by which a Deployment also selects its pods:\n\n\`\`\`ts\n${labels.after}\n\`\`\``,
    make: (copy) => {
      const file = join(copy, "components", "echoService.ts");
      const source = readFileSync(file, "utf8");
      if (!source.includes(labels.before)) {
        throw new Error(`${file} has no line ${labels.before}: write the example anew`);
      }
      writeFileSync(file, source.replace(labels.before, labels.after));
    },
  },
  {
    title: "Plain text, and dashboards for everyone",
    change: `\`Pulumi.dev.yaml\` gets:\n\n\`\`\`yaml\nconfig:\n${security}\`\`\``,
    make: (copy) => appendFileSync(join(copy, "Pulumi.dev.yaml"), security),
  },
];

/**
 * Makes each change in a copy of the project and previews it there, as `npm run ci:preview -- --base HEAD` does, with
 * Pulumi's engine.
 * @returns the page with the comments.
 */
export async function writeExamples(): Promise<string> {
  const parts: string[] = [];
  for (const { title, change, make } of examples) {
    parts.push(`## ${title}`, "", change, "", "The comment:", "", ...(await commentOn(make)), "");
  }
  return [
    "# What a pull request's comment looks like",
    "",
    "Three changes, each previewed with Pulumi's engine against what was there before, without a cluster: `npm run ci:preview -- --base HEAD`. What",
    "is folded in a comment is left out here. `npm run docs:pull-requests` writes this page, and a test compares it with what the engine finds.",
    "",
    ...parts,
  ]
    .join("\n")
    .trimEnd()
    .concat("\n");
}

/**
 * @returns the lines of the comment on a change, as a quotation, without what is folded and what differs from machine
 * to machine.
 */
async function commentOn(make: (copy: string) => void): Promise<string[]> {
  const copy = await copyOfProject();
  try {
    const git = (...args: string[]) =>
      run("git", ["-c", "user.name=test", "-c", "user.email=test", ...args], { cwd: copy });
    await git("init", "--quiet");
    // Here it is a link, which .gitignore does not mean.
    appendFileSync(join(copy, ".git", "info", "exclude"), "node_modules\n");
    await git("add", "--all");
    await git("commit", "--quiet", "--message", "What was there before");
    make(copy);
    const file = join(copy, "comment.md");
    const flags = ["--previews-only", "--stacks", "dev", "--base", "HEAD", "--markdown", file];
    const { stderr } = await tryRun(
      process.execPath,
      ["--require", "./loader.cjs", "commands/preview/ciPreview.ts", ...flags],
      {
        cwd: copy,
        env: { KUBECONFIG: join(copy, "no-kubeconfig"), GITHUB_STEP_SUMMARY: "" },
        timeoutMs: 300_000,
      },
    );
    try {
      return quoted(readFileSync(file, "utf8"));
    } catch (error) {
      throw new Error(`no comment was written:\n${stderr}`, { cause: error });
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function quoted(markdown: string): string[] {
  const [shown = ""] = markdown
    .replace(/<details>[^]*?<\/details>\n+/g, "")
    .replace(/^Run with: .*\n+/m, "")
    // Of configuration: it is another one after each change of what has nothing to do with these.
    .replace(/`"[0-9a-f]{16}"`/g, "`HASH`")
    .replace(/(\.ts):\d+`/g, "$1:LINE`")
    .split("### What this preview can't know");
  return shown
    .trim()
    .split("\n")
    .map((line) => `> ${line.replace(/^#+ (.*)$/, "**$1**")}`.trimEnd());
}

if (process.argv[1] === __filename) {
  void writeExamples().then((page) => writeFileSync(join(projectFolder, examplesPage), page));
}

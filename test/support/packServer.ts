import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import type * as AnalyzerService from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import type * as Analyzer from "@pulumi/pulumi/proto/analyzer_pb";
import { projectFolder } from "../../commands/session/stackFiles";
import type { ProgramResource } from "../../policy/mesh/pulumi";

// The SDK's own copies: messages of another copy are none to it.
const sdk = createRequire(require.resolve("@pulumi/pulumi"));
const messages = sdk("./proto/analyzer_pb") as typeof Analyzer;
const services = sdk("./proto/analyzer_grpc_pb") as typeof AnalyzerService;
const { credentials } = sdk("@grpc/grpc-js") as { credentials: { createInsecure(): never } };
const { Struct } = sdk("google-protobuf/google/protobuf/struct_pb.js") as {
  Struct: { fromJavaScript(value: object): never };
};

/** What the pack says of a resource. */
export interface Diagnostic {
  policy: string;
  level: "advisory" | "mandatory";
  message: string;
  urn: string;
}

/** The policy pack as the Pulumi engine runs it: a process of its own that answers over gRPC. */
export class PackServer {
  private constructor(
    private readonly client: AnalyzerService.AnalyzerClient,
    private readonly process: ReturnType<typeof spawn>,
  ) {}

  /** @param config The stack's configuration, which the engine hands to the pack. */
  static async start(config: Record<string, string> = {}): Promise<PackServer> {
    const pack = spawn(process.execPath, ["index.js"], {
      cwd: `${projectFolder}/policy`,
      env: { ...process.env, PULUMI_CONFIG: JSON.stringify(config) },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [port] = (await once(createInterface(pack.stdout), "line")) as [string];
    return new PackServer(new services.AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure()), pack);
  }

  /** Asks about a stack as the engine does: each resource as the program declares it, then the stack as a whole. */
  async analyze(resources: readonly ProgramResource[]): Promise<Diagnostic[]> {
    for (const { type, name = "", urn = "", props } of resources) {
      const request = new messages.AnalyzeRequest();
      request.setType(type);
      request.setName(name);
      request.setUrn(urn);
      request.setProperties(Struct.fromJavaScript(props));
      request.setOptions(new messages.AnalyzerResourceOptions());
      await this.call<Analyzer.AnalyzeResponse>((done) => this.client.analyze(request, done));
    }
    const request = new messages.AnalyzeStackRequest();
    request.setResourcesList(resources.map(stackResource));
    const response = await this.call<Analyzer.AnalyzeResponse>((done) => this.client.analyzeStack(request, done));
    return response.getDiagnosticsList().map((one) => ({
      policy: one.getPolicyname(),
      level: one.getEnforcementlevel() === messages.EnforcementLevel.ADVISORY ? "advisory" : "mandatory",
      message: one.getMessage(),
      urn: one.getUrn(),
    }));
  }

  stop(): void {
    this.client.close();
    this.process.kill();
  }

  private call<T>(ask: (done: (error: Error | null, answer: T) => void) => unknown): Promise<T> {
    return new Promise((resolve, reject) =>
      ask((error, answer) => {
        if (error) {
          reject(error);
        } else {
          resolve(answer);
        }
      }),
    );
  }
}

function stackResource({ type, name = "", urn = "", props, dependencies = [], parent = "" }: ProgramResource) {
  const resource = new messages.AnalyzerResource();
  resource.setType(type);
  resource.setName(name);
  resource.setUrn(urn);
  resource.setProperties(Struct.fromJavaScript(props));
  resource.setOptions(new messages.AnalyzerResourceOptions());
  resource.setDependenciesList([...dependencies]);
  resource.setParent(parent);
  return resource;
}

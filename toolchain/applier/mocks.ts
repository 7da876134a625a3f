import type { runtime } from "@pulumi/pulumi";
import type { Cluster } from "./cluster";
import { refOf } from "./cluster";
import type { ReleaseInputs } from "./helm";
import type { LiveObject } from "../../cluster/kubeClient";
import { generateRandom } from "./randomValues";
import { withoutSecretMarks } from "./secrets";

type Args = runtime.MockResourceArgs;
type Result = runtime.MockResourceResult;

/**
 * Stands in for the Pulumi engine: the SDK hands it each resource once everything that the resource depends on is done, and takes what
 * it returns as the resource's outputs. The SDK was made to be mocked so in tests; here what it is given is real.
 */
export class ApplyingEngine implements runtime.Mocks {
  /** The first failure. What depends on the failed resource is not applied. */
  failure?: Error;

  constructor(private readonly cluster: Cluster) {}

  /** Applies one resource. */
  newResource = async (args: Args): Promise<Result> => {
    try {
      return await this.applyResource(args);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const failure = new Error(`${args.type} ${args.name}: ${message}`, { cause: error });
      this.failure ??= failure;
      throw failure;
    }
  };

  /** No function is called by the program; one that was would need an engine. */
  call = ({ token }: runtime.MockCallArgs): never => {
    throw new Error(`${token} can't be called in-process; use the Pulumi CLI`);
  };

  private async applyResource(args: Args): Promise<Result> {
    const { type, name, custom, id } = args;
    const inputs = withoutSecretMarks(args.inputs) as Record<string, unknown>;
    if (!custom) {
      return { id: undefined, state: inputs };
    }
    if (type.startsWith("pulumi:providers:")) {
      // The program has one provider, and the cluster that it leads to was chosen before the program ran.
      return { id: name, state: inputs };
    }
    if (type.startsWith("random:")) {
      const kept = await this.cluster.inventory.value(name, () => JSON.stringify(generateRandom(type, inputs)));
      return { id: name, state: { ...inputs, ...(JSON.parse(kept) as Record<string, string>) } };
    }
    if (type === "kubernetes:helm.sh/v3:Release") {
      const release = inputs as unknown as ReleaseInputs;
      await this.cluster.applyRelease(name, type, release);
      const status = { name: release.name, namespace: release.namespace, status: "deployed" };
      return { id: `${release.namespace}/${release.name}`, state: { ...inputs, status } };
    }
    if (type.startsWith("kubernetes:")) {
      const object = id
        ? await this.cluster.read(readRef(type, id))
        : await this.cluster.applyObject(name, type, inputs);
      return { id: idOf(object), state: { ...object } };
    }
    throw new Error(`can't be made in-process; use the Pulumi CLI`);
  }
}

/** @returns what the type and id of a resource that is only read name: `kubernetes:core/v1:Node`, `NAMESPACE/NAME` or `NAME`. */
function readRef(type: string, id: string) {
  const [, groupVersion = "", kind = ""] = type.split(":");
  const [name = id, namespace] = id.split("/").reverse();
  // Pulumi spells out the core group, which has no name of its own.
  return { apiVersion: groupVersion.replace(/^core\//, ""), kind, name, namespace };
}

function idOf(object: LiveObject): string {
  const { name, namespace } = refOf(object);
  return namespace ? `${namespace}/${name}` : name;
}

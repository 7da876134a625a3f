import { ApiException, KubernetesObjectApi, PatchStrategy, type KubeConfig } from "@kubernetes/client-node";
import { type LiveObject, fromLibrary, toLibrary } from "./renamedFields";
import { PooledKubeConfig } from "./pooledKubeConfig";

/** Lets so many run at once; the others wait, first come, first served. */
export class Slots {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) {
      this.free--;
    } else {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) {
        next();
      } else {
        this.free++;
      }
    }
  }
}

/**
 * Gives up on something that does not settle.
 * @param ms Milliseconds that it may take.
 * @throws Error `no answer after N s` once they are over; otherwise what the call throws.
 */
export async function withinTime<T>(call: () => Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer after ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([call(), over]);
  } finally {
    clearTimeout(timer);
  }
}

export type { LiveObject };

/** What it takes to name an object. */
export interface ObjectRef {
  apiVersion: string;
  kind: string;
  name: string;
  namespace?: string;
}

/** Owner of the fields that we apply. */
const fieldManager = "sidecar-mesh";

/** API versions of Istio's own types. */
const istioTypes = /\.istio\.io\//;

/**
 * Requests under way at once. More would only wait in the API server, and for each a connection is made: a thousand
 * services declare seven thousand objects, most of which depend on nothing but what they have in common.
 */
const mostAtOnce = 24;

/** Times a request is tried again while the API server or a webhook of Istio's does not answer. */
const retries = 8;

/**
 * Milliseconds that a request may take. The API server ends each itself within a minute; a request without an answer
 * was lost with its API server, which the HTTP client does not report.
 */
const answerMs = 75_000;

/** What an API server that is starting, or a webhook whose pod is, answers with. */
const passingTroubles =
  /ECONNREFUSED|ECONNRESET|socket hang up|ETIMEDOUT|connection refused|no endpoints available|failed calling webhook|no answer after/;

/** The few calls that applying and removing need, by object rather than by type. */
export class KubeClient {
  private readonly api: KubernetesObjectApi;
  private readonly slots = new Slots(mostAtOnce);

  private constructor(
    readonly kubeConfig: KubeConfig,
    private readonly requestMs: number,
  ) {
    this.api = KubernetesObjectApi.makeApiClient(kubeConfig);
  }

  /**
   * @param kubeconfig Path of the file. Default: as kubectl finds it.
   * @param context Context by name. Default: the current one.
   * @param requestMs Milliseconds that a request may take before it is made again. Default 75,000.
   */
  static connect(kubeconfig?: string, context?: string, requestMs = answerMs): KubeClient {
    const config = new PooledKubeConfig();
    if (kubeconfig) {
      config.loadFromFile(kubeconfig);
    } else {
      config.loadFromDefault();
    }
    if (context) {
      config.setCurrentContext(context);
    }
    return new KubeClient(config, requestMs);
  }

  /** @returns the object, or undefined if it, or its type, does not exist. */
  async get(ref: ObjectRef): Promise<LiveObject | undefined> {
    const found = await this.orUndefined(() => this.api.read<LiveObject>(header(ref)));
    return found && fromLibrary(found);
  }

  /** @returns all objects of a type, in all namespaces unless one is named. Empty if the type does not exist. */
  async list(apiVersion: string, kind: string, namespace?: string): Promise<LiveObject[]> {
    const found = await this.orUndefined(() => this.api.list<LiveObject>(apiVersion, kind, namespace));
    // A list leaves out of its items what it says itself.
    return (found?.items ?? []).map((item) => fromLibrary({ ...item, apiVersion, kind }));
  }

  /** Applies the object (server-side apply) and takes over fields of other field managers. */
  async apply(object: LiveObject): Promise<LiveObject> {
    const sent = toLibrary(object);
    const applied = await this.withRetries(() =>
      this.api.patch(sent, undefined, undefined, fieldManager, true, PatchStrategy.ServerSideApply),
    );
    return fromLibrary(applied);
  }

  /**
   * Deletes the object and what it owns.
   * @param order Foreground: the object goes after what it owns; Background: before it. Default Foreground, where that
   * is possible.
   * @returns false if there was none.
   */
  async delete(ref: ObjectRef, order: "Foreground" | "Background" = "Foreground"): Promise<boolean> {
    // Foreground means a finalizer, which is taken away by an update; and Istio's webhook refuses those of its types
    // once istiod is gone. They own nothing, so that there is nothing to wait for.
    const propagation = istioTypes.test(ref.apiVersion) ? "Background" : order;
    const deleted = await this.orUndefined(() =>
      this.api.delete(header(ref), undefined, undefined, undefined, undefined, propagation),
    );
    return deleted !== undefined;
  }

  private async orUndefined<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await this.withRetries(call);
    } catch (error) {
      if (isNotFound(error)) {
        return undefined;
      }
      throw error;
    }
  }

  private async withRetries<T>(call: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.slots.run(() => withinTime(call, this.requestMs));
      } catch (error) {
        if (attempt >= retries || !passingTroubles.test(describe(error))) {
          throw isNotFound(error) ? error : new Error(describe(error), { cause: error });
        }
        await new Promise((resolve) => setTimeout(resolve, 250 * 2 ** Math.min(attempt, 4)));
      }
    }
  }
}

/** @returns what the API server said, rather than the HTTP exchange around it. */
function describe(error: unknown): string {
  if (error instanceof ApiException) {
    const body: unknown = error.body;
    const status = typeof body === "string" ? body : JSON.stringify(body);
    const message = /"message":\s*"((?:[^"\\]|\\.)*)"/.exec(status)?.[1];
    return message ? (JSON.parse(`"${message}"`) as string) : `HTTP ${error.code}: ${status}`;
  }
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return error instanceof Error ? error.message + cause : String(error);
}

function isNotFound(error: unknown): boolean {
  return (
    (error instanceof ApiException && error.code === 404) ||
    (error instanceof Error && error.message.startsWith("Unrecognized API version and kind"))
  );
}

function header({ apiVersion, kind, name, namespace }: ObjectRef) {
  return { apiVersion, kind, metadata: { name, ...(namespace && { namespace }) } };
}

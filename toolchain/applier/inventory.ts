import { gunzipSync, gzipSync } from "node:zlib";
import type { KubeClient, ObjectRef } from "../../cluster/kubeClient";

/** One thing that was applied. */
export interface Entry {
  /** Name of the Pulumi resource. */
  resource: string;
  /** An object of the API server, or a Helm release. */
  kind: "object" | "release";
  /** The object; for a release its name and namespace. */
  ref: ObjectRef;
  /** What a release was made from; it is left alone while this stays the same. */
  digest?: string;
}

interface Content {
  entries: Entry[];
  /** Generated values by resource name, so that the next run generates nothing new. */
  values: Record<string, string>;
  /** Outputs of the last run that ended well; of secrets the name alone. */
  outputs?: Record<string, StackOutput>;
}

/** An output of the stack. */
export interface StackOutput {
  value: unknown;
  secret: boolean;
}

/** Where the inventory is kept: in the cluster itself, so that whoever reaches the cluster can remove what was made. */
export const inventoryRef: ObjectRef = {
  apiVersion: "v1",
  kind: "Secret",
  name: "sidecar-mesh-inventory",
  namespace: "default",
};

/**
 * Packed, for a Secret holds one MiB, which a thousand services exceed as text.
 * @returns what the Secret holds of the inventory, in base64.
 */
export function pack(content: unknown): string {
  return gzipSync(JSON.stringify(content), { level: 1 }).toString("base64");
}

/** @returns what {@link pack} was given, or the text that older versions wrote. */
export function unpack(encoded: string): unknown {
  const bytes = Buffer.from(encoded, "base64");
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return JSON.parse((isPacked ? gunzipSync(bytes) : bytes).toString("utf8"));
}

/** @returns the entry of a Helm release. */
export function releaseEntry(resource: string, { name, namespace }: { name: string; namespace: string }): Entry {
  return { resource, kind: "release", ref: { apiVersion: "helm.sh/v3", kind: "Release", name, namespace } };
}

/** @returns the text by which two entries are the same thing. */
export function entryKey({ kind, ref }: Entry): string {
  return [kind, ref.apiVersion, ref.kind, ref.namespace ?? "", ref.name].join("|");
}

/**
 * Remembers in the cluster what was applied, in order. An entry is written before its object, so that an interrupted run leaves
 * nothing that `down` does not know of.
 */
export class Inventory {
  private readonly seen = new Set<string>();
  /** By {@link entryKey}, oldest first. */
  private known: Map<string, Entry>;
  private writing: Promise<void> = Promise.resolve();
  private dirty = false;
  /** Something was forgotten since the last write began. */
  private unwritten = false;
  /** When the last write began, in milliseconds since the epoch. */
  private lastWrite = 0;
  /** Entries came or went in this run. */
  private changed = false;

  private constructor(
    private readonly client: KubeClient,
    private readonly content: Omit<Content, "entries">,
    entries: readonly Entry[],
  ) {
    this.known = byKey(entries);
  }

  /** Reads the inventory of a cluster; it is empty if nothing was applied yet. */
  static async load(client: KubeClient): Promise<Inventory> {
    const secret = await client.get(inventoryRef);
    const encoded = secret?.data?.content;
    const { entries, ...content } = encoded ? (unpack(encoded) as Content) : { entries: [], values: {} };
    return new Inventory(client, content, entries);
  }

  /** All entries, oldest first. */
  get entries(): readonly Entry[] {
    return [...this.known.values()];
  }

  /** Entries that this run has not recorded: what the program no longer declares. */
  get unseen(): Entry[] {
    return [...this.known].flatMap(([key, entry]) => (this.seen.has(key) ? [] : [entry]));
  }

  /** @returns the entry as an earlier run left it. */
  find(entry: Entry): Entry | undefined {
    return this.known.get(entryKey(entry));
  }

  /** Records an entry, and returns once the cluster knows it. An entry that is there keeps its place in the order. */
  async record(entry: Entry): Promise<void> {
    const key = entryKey(entry);
    this.seen.add(key);
    const earlier = this.known.get(key);
    if (earlier !== undefined && JSON.stringify(earlier) === JSON.stringify(entry)) {
      return;
    }
    this.changed ||= earlier === undefined;
    this.known.set(key, entry);
    await this.write();
  }

  /**
   * Forgets an entry whose object is gone. The cluster is told of it within a second, or by {@link flush}: the inventory of a thousand
   * services takes long to write, and if this run ends before, the next one finds that the object is gone.
   */
  forget(entry: Entry): void {
    this.changed = true;
    this.known.delete(entryKey(entry));
    this.unwritten = true;
    if (Date.now() - this.lastWrite > 1000) {
      // A write that fails makes all later ones fail, and so is told by the last.
      this.write().catch(() => undefined);
    }
  }

  /** Tells the cluster what it was not told yet. */
  async flush(): Promise<void> {
    await (this.unwritten ? this.write() : this.writing);
  }

  /**
   * Puts the entries in the order of this run. Something that was added later, say another control plane, may by now be what older
   * things depend on, and must not go before them. Only for a run that was complete: one that was not has not seen everything.
   */
  async settle(): Promise<void> {
    if (this.changed) {
      const order = new Map([...this.seen].map((key, i) => [key, i]));
      const at = (entry: Entry) => order.get(entryKey(entry)) ?? -1;
      this.known = byKey(this.entries.toSorted((a, b) => at(a) - at(b)));
      await this.write();
    }
  }

  /** @returns the value of a resource, generated once and kept. */
  async value(resource: string, generate: () => string): Promise<string> {
    const known = this.content.values[resource];
    if (known !== undefined) {
      return known;
    }
    const value = generate();
    this.content.values[resource] = value;
    await this.write();
    return value;
  }

  /** The stack's outputs, as the last run that ended well told them; undefined before that. */
  get outputs(): Readonly<Record<string, StackOutput>> | undefined {
    return this.content.outputs;
  }

  /** Keeps the outputs; secrets without their value. */
  async recordOutputs(outputs: Record<string, StackOutput>): Promise<void> {
    const kept = Object.fromEntries(
      Object.entries(outputs).map(([name, output]) => [
        name,
        output.secret ? { value: "[secret]", secret: true } : output,
      ]),
    );
    if (JSON.stringify(kept) !== JSON.stringify(this.content.outputs)) {
      this.content.outputs = kept;
      await this.write();
    }
  }

  /** Removes the inventory itself. */
  async remove(): Promise<void> {
    await this.writing;
    await this.client.delete(inventoryRef);
  }

  /** Many resources record at once: those that come while a write is under way share the next one. */
  private write(): Promise<void> {
    if (!this.dirty) {
      this.dirty = true;
      this.writing = this.writing.then(async () => {
        this.dirty = false;
        this.unwritten = false;
        this.lastWrite = Date.now();
        const content = pack({ entries: this.entries, ...this.content });
        const { apiVersion, kind, name, namespace } = inventoryRef;
        await this.client.apply({ apiVersion, kind, metadata: { name, namespace }, data: { content } });
      });
    }
    return this.writing;
  }
}

function byKey(entries: readonly Entry[]): Map<string, Entry> {
  return new Map(entries.map((entry) => [entryKey(entry), entry]));
}

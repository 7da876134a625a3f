import type { KubeClient, ObjectRef } from "./kubeClient";

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
  private writing: Promise<void> = Promise.resolve();
  private dirty = false;
  /** Entries came or went in this run. */
  private changed = false;

  private constructor(
    private readonly client: KubeClient,
    private readonly content: Content,
  ) {}

  /** Reads the inventory of a cluster; it is empty if nothing was applied yet. */
  static async load(client: KubeClient): Promise<Inventory> {
    const secret = await client.get(inventoryRef);
    const encoded = secret?.data?.content;
    const content = encoded
      ? (JSON.parse(Buffer.from(encoded, "base64").toString("utf8")) as Content)
      : { entries: [], values: {} };
    return new Inventory(client, content);
  }

  /** All entries, oldest first. */
  get entries(): readonly Entry[] {
    return this.content.entries;
  }

  /** Entries that this run has not recorded: what the program no longer declares. */
  get unseen(): Entry[] {
    return this.content.entries.filter((entry) => !this.seen.has(entryKey(entry)));
  }

  /** @returns the entry as an earlier run left it. */
  find(entry: Entry): Entry | undefined {
    return this.content.entries.find((known) => entryKey(known) === entryKey(entry));
  }

  /** Records an entry, and returns once the cluster knows it. An entry that is there keeps its place in the order. */
  async record(entry: Entry): Promise<void> {
    this.seen.add(entryKey(entry));
    const index = this.content.entries.findIndex((known) => entryKey(known) === entryKey(entry));
    if (index < 0) {
      this.changed = true;
      this.content.entries.push(entry);
    } else if (JSON.stringify(this.content.entries[index]) === JSON.stringify(entry)) {
      return;
    } else {
      this.content.entries[index] = entry;
    }
    await this.write();
  }

  /** Forgets an entry whose object is gone. */
  async forget(entry: Entry): Promise<void> {
    this.changed = true;
    this.content.entries = this.content.entries.filter((known) => entryKey(known) !== entryKey(entry));
    await this.write();
  }

  /**
   * Puts the entries in the order of this run. Something that was added later, say another control plane, may by now be what older
   * things depend on, and must not go before them. Only for a run that was complete: one that was not has not seen everything.
   */
  async settle(): Promise<void> {
    if (this.changed) {
      const order = new Map([...this.seen].map((key, i) => [key, i]));
      const at = (entry: Entry) => order.get(entryKey(entry)) ?? -1;
      this.content.entries = [...this.content.entries].sort((a, b) => at(a) - at(b));
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
        const content = Buffer.from(JSON.stringify(this.content)).toString("base64");
        const { apiVersion, kind, name, namespace } = inventoryRef;
        await this.client.apply({ apiVersion, kind, metadata: { name, namespace }, data: { content } });
      });
    }
    return this.writing;
  }
}

/** A Pulumi program and its inputs. */
export interface Program {
  project: string;
  stack: string;
  /** Config with namespaces, as text. */
  config: Record<string, string>;
  /** Imports the program; what it exports are the stack's outputs. */
  load: () => Promise<Record<string, unknown>>;
}

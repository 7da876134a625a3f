import type { StackOutput } from "../toolchain/applier/inventory";

/** Prints a stack's outputs for a person; secrets stay hidden, and what only programs read is left out. */
export function printOutputs(outputs: Record<string, StackOutput>): void {
  const { readme, declared: _, ...rest } = outputs;
  console.log("\nOutputs:");
  for (const [name, { value, secret }] of Object.entries(rest).filter(([, output]) => output.value !== undefined)) {
    print(name, secret ? "[secret]" : value, 1);
  }
  if (typeof readme?.value === "string") {
    console.log(`\n${readme.value}`);
  }
}

function print(name: string, value: unknown, depth: number): void {
  const indent = "  ".repeat(depth);
  if (typeof value === "object" && value !== null) {
    console.log(`${indent}${name}:`);
    for (const [key, item] of Object.entries(value)) {
      print(key, item, depth + 1);
    }
  } else {
    console.log(`${indent}${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  }
}

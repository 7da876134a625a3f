/** Prints a stack's outputs for a person; what only programs read is left out. */
export function printOutputs({ readme, declared: _, ...rest }: Record<string, unknown>): void {
  console.log("\nOutputs:");
  for (const [name, value] of Object.entries(rest).filter(([, output]) => output !== undefined)) {
    print(name, value, 1);
  }
  if (typeof readme === "string") {
    console.log(`\n${readme}`);
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

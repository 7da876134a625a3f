/** @returns a Pulumi.yaml of a program that tsx compiles: the quickest way to run TypeScript that needs no code of one's own. */
export function tsxProject(name: string): string {
  return `name: ${name}
runtime:
  name: nodejs
  options:
    packagemanager: npm
    typescript: false
    nodeargs: "--import tsx"
`;
}

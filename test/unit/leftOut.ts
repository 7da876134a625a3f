/** mocha calls it once, at the end of `npm test`. */
export function mochaGlobalTeardown(): void {
  console.log(
    "left out: Pulumi's own previews, each config key and npm start against stubs (npm run test:preview), a kind cluster (npm run test:cluster), Istio's samples (npm run test:corpus)",
  );
}

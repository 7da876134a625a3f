/** `npm run mutate`: breaks the code in one place at a time, and looks whether a spec fails. See CONTRIBUTING.md. */
export default {
  mutate: ["{components,stacks,commands}/**/*.ts", "!**/*.spec.ts"],
  // Each spec runs in a process of its own: what a module keeps from one test to the next would hide a mutant. The processes that a spec
  // starts are given the mutant, too.
  testRunner: "tap",
  tap: {
    testFiles: ["{common,components,stacks,commands,cluster}/**/*.spec.ts", "test/unit/**/*.spec.ts"],
    nodeArgs: [
      ...["--require", "{{hookFile}}", "node_modules/mocha/bin/mocha.js", "--no-config", "--require", "tsx"],
      ...["--timeout", "60000", "--reporter", "tap", "{{testFile}}"],
    ],
  },
  coverageAnalysis: "perTest",
  concurrency: 1,
  ignorePatterns: ["/.toolchain", "/bench/results", "/docs/images"],
  reporters: ["clear-text", "progress", "html"],
  htmlReporter: { fileName: "reports/mutation.html" },
  clearTextReporter: { logTests: false, reportTests: false },
};

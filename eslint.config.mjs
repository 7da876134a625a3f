import js from "@eslint/js";
import pulumi from "@pulumi/eslint-plugin";
import prettier from "eslint-config-prettier";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

/** Top-level folders, and which of them the files of each may import. Data flows one way. */
const mayImport = {
  common: [],
  components: [],
  stacks: ["common", "components"],
  policy: ["common"],
  toolchain: [],
  cluster: ["toolchain"],
  commands: ["common", "components", "stacks", "policy", "cluster", "toolchain"],
};
const folders = [...Object.keys(mayImport), "test", "bench"];

const boundaries = Object.entries(mayImport).map(([folder, allowed]) => ({
  files: [`${folder}/**/*.ts`],
  ignores: ["**/*.spec.ts"],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: folders
          .filter((other) => other !== folder && !allowed.includes(other))
          .map((other) => ({
            group: [`**/../${other}`, `**/../${other}/**`],
            message: `${folder}/ may import ${[...allowed, "packages"].join(", ")} only; see docs/architecture.md.`,
          })),
      },
    ],
  },
}));

const maxLen = { ignoreStrings: true, ignoreTemplateLiterals: true, ignoreRegExpLiterals: true, ignoreUrls: true };

export default defineConfig(
  { ignores: ["node_modules/**", ".stryker-tmp/**", "reports/**", "*/dist/**"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { "@pulumi": pulumi },
    rules: {
      "@pulumi/no-output-in-template-literal": "error",
      "@pulumi/no-output-instance-in-template-literal": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/consistent-type-imports": "error",
      complexity: ["warn", 15],
      "max-lines-per-function": ["warn", { max: 80, skipBlankLines: true, skipComments: true }],
      // Prettier keeps code to 120 columns; comments keep to them, too.
      "max-len": ["error", { ...maxLen, code: 120 }],
    },
  },
  ...boundaries,
  {
    // Tests reach deep into manifests; a type for each path would say nothing that the assertion does not.
    files: ["**/*.spec.ts", "test/**/*.ts"],
    rules: {
      "@typescript-eslint/no-explicit-any": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      "max-lines-per-function": "off",
    },
  },
  { files: ["**/*.cjs", "policy/index.js"], languageOptions: { sourceType: "commonjs" } },
  prettier,
);

#!/usr/bin/env node
/**
 * Starts mesh-check. Compiling some hundred TypeScript files takes longer than checking a mesh, so they are bundled into
 * one script the first time, kept together with the engine's compiled code, and made again when a source changes.
 */
/* global __dirname, process */
const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const root = path.join(__dirname, "..");
const entry = path.join(__dirname, "meshCheck.ts");
const cache = path.join(root, "node_modules/.cache/mesh-check");

/** Tells one state of the sources from another, by their times and sizes. */
function stateOfSources() {
  const states = [process.version];
  const visit = (file) => {
    const stat = fs.statSync(file);
    if (stat.isDirectory()) {
      for (const name of fs.readdirSync(file)) {
        if (!name.endsWith(".spec.ts")) {
          visit(path.join(file, name));
        }
      }
    } else {
      states.push(`${file} ${stat.mtimeMs} ${stat.size}`);
    }
  };
  [entry, ...["common", "policy", "package-lock.json"].map((name) => path.join(root, name))].forEach(visit);
  return states.join("\n");
}

/** Writes a file so that another process sees all of it or nothing. */
function write(file, content) {
  const part = `${file}.${process.pid}`;
  fs.writeFileSync(part, content);
  fs.renameSync(part, file);
}

function read(name) {
  try {
    return fs.readFileSync(path.join(cache, name));
  } catch {
    return undefined;
  }
}

function run(script) {
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, entry, __dirname);
  module.exports.main();
}

function compile(source, cachedData) {
  return new vm.Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
    filename: path.join(cache, "bundle.cjs"),
    ...(cachedData && { cachedData }),
  });
}

/** Bundles the sources. */
function bundle() {
  const esbuild = require("esbuild");
  const options = { bundle: true, platform: "node", format: "cjs", target: "node20", write: false, logLevel: "silent" };
  return esbuild.buildSync({ entryPoints: [entry], external: ["yaml"], minifySyntax: true, ...options }).outputFiles[0]
    .text;
}

const state = stateOfSources();
const known = read("state")?.toString() === state;
const source = known ? read("bundle.cjs")?.toString() : undefined;
if (source !== undefined) {
  run(compile(source, read("code")));
} else {
  const made = bundle();
  const script = compile(made);
  run(script);
  try {
    fs.mkdirSync(cache, { recursive: true });
    // The state comes last: without it the others do not count.
    fs.rmSync(path.join(cache, "state"), { force: true });
    write(path.join(cache, "bundle.cjs"), made);
    write(path.join(cache, "code"), script.createCachedData());
    write(path.join(cache, "state"), state);
  } catch {
    // A read-only installation only starts slower.
  }
}

import assert from "node:assert/strict";
import * as components from "./index";
import { packageSchema } from "./packageSchema";

it("Pulumi's analyzer takes the args of all public components, and knows the type of each but objects of others", () => {
  const { resources, types } = packageSchema();
  const classes = Object.entries(components).flatMap(([name, value]) => (typeof value === "function" ? [name] : []));
  assert.deepEqual(Object.keys(resources).sort(), classes.map((name) => `sidecar-mesh:index:${name}`).sort());

  const objects = [
    ...Object.entries(types).map(([type, { properties = {} }]) => ({ type, properties })),
    ...Object.entries(resources).map(([type, { inputProperties }]) => ({ type, properties: inputProperties })),
    ...Object.entries(resources).map(([type, { properties }]) => ({ type, properties })),
  ];
  // A property whose type the analyzer can't find, as of Omit, is anything without a word.
  const anything = objects.flatMap(({ type, properties }) =>
    Object.entries(properties).flatMap(([name, property]) =>
      JSON.stringify(property).includes("pulumi.json#/Any") ? [`${type.split(":").at(-1)}.${name}`] : [],
    ),
  );
  const ofOthers = ["Istio.meshConfig", "IstioArgs.meshConfig", "PodExtras.containers", "PodExtras.volumes"];
  assert.deepEqual(anything.sort(), ofOthers);
});

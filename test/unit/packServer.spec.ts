import assert from "node:assert/strict";
import { runtime } from "@pulumi/pulumi";
import { judge } from "../support/judge";
import type { ProgramResource } from "../../policy/mesh/pulumi";
import { Stack, type Edit } from "../support/policyStack";
import { declaredBy } from "../support/declared";
import { PackServer } from "../support/packServer";

/** What index.ts declares in dev, after some edits. */
async function edited(...edits: Edit[]): Promise<ProgramResource[]> {
  const { components, resources } = await declaredBy("dev");
  return new Stack([...components, ...resources]).edit(edits).resources;
}

const label: Edit = ["Namespace mesh-namespace", 'metadata.labels["istio-injection"]'];
const noWaiting: Edit[] = [
  ["MeshService user-service", "dependencies", []],
  ["EchoService user-service", "dependencies", []],
  ["Deployment user-service-deployment", "dependencies", []],
];
const unknownPort: Edit = ["Service user-service-service", "spec.ports[0].appProtocol", runtime.unknownValue];
const dashboard: Edit = [
  "VirtualService demo-vs",
  "spec.http[0].route[0].destination.host",
  "kiali.istio-system.svc.cluster.local",
];

describe("the policy pack, as the engine runs it", function () {
  this.timeout(60_000);
  let pack: PackServer;
  before(async () => (pack = await PackServer.start({ "sidecar-mesh:profile": "dev" })));
  after(() => pack.stop());

  const cases: [string, Edit[]][] = [
    ["nothing in the program", []],
    ["a label that is removed", [label]],
    ["a workload that waits for nothing", noWaiting],
    ["a value that is known only after deployment", [unknownPort]],
    ["a dashboard that is opened", [dashboard]],
  ];
  for (const [title, edits] of cases) {
    it(`finds ${title}, as the rules do`, async () => {
      const resources = await edited(...edits);
      const { findings, undetermined } = judge({ resources });
      const theirs = (await pack.analyze(resources)).map(({ policy, level, urn }) => `${level} ${policy} ${urn}`);
      const ours = [
        ...findings.map(({ rule, level, urn }) => `${level} ${rule} ${urn}`),
        ...undetermined.map(({ rule, urn }) => `advisory ${rule} ${urn}`),
      ];
      assert.deepEqual(theirs.sort(), ours.sort());
      assert.equal(ours.length > 0, edits.length > 0);
    });
  }

  it("skips nothing in silence where a value is not known, and judges the rest", async () => {
    const found = await pack.analyze(
      await edited(unknownPort, ["Service payment-service-service", "spec.ports[0].appProtocol", "gopher"]),
    );
    const about = (name: string) =>
      found.filter(({ policy, message }) => policy === "port-protocol-declared" && message.includes(name));
    const [open] = about("Service demo/user-service");
    assert.equal(open?.level, "advisory");
    assert.match(
      open.message,
      /port-protocol-declared is not judged yet, for the value of spec\.ports\.0\.appProtocol/,
    );
    const [wrong] = about("Service demo/payment-service");
    assert.equal(wrong?.level, "mandatory");
    assert.ok(!found.some(({ message }) => message.includes("can't run policy")), "no policy is given up as a whole");
  });

  it("goes by the stack's output profile, which is all that engines pass to it now", async () => {
    const urn = "urn:pulumi:anything::sidecar-mesh::pulumi:pulumi:Stack::sidecar-mesh-anything";
    const untold = await PackServer.start();
    try {
      const levelIn = async (profile: string) => {
        const stack = { type: "pulumi:pulumi:Stack", name: "stack", urn, props: { profile } };
        const found = await untold.analyze([stack, ...(await edited(dashboard))]);
        return found.find(({ policy }) => policy === "dashboards-not-public")?.level;
      };
      assert.equal(await levelIn("prod"), "mandatory");
      assert.equal(await levelIn("dev"), "advisory");
    } finally {
      untold.stop();
    }
  });

  it("goes by the profile of the stack's configuration where an engine hands it out, whatever the stack's name", async () => {
    const prod = await PackServer.start({ "sidecar-mesh:profile": "prod" });
    try {
      const levelOf = async (server: PackServer) =>
        (await server.analyze(await edited(dashboard))).find(({ policy }) => policy === "dashboards-not-public")?.level;
      assert.equal(await levelOf(prod), "mandatory");
      assert.equal(await levelOf(pack), "advisory");
    } finally {
      prod.stop();
    }
  });
});

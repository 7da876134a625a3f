import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { shellLines } from "./env";

describe("what a shell evaluates", () => {
  it("sets each variable to its value, whatever characters it has, and puts folders before PATH", () => {
    const values = { PULUMI_HOME: "/a folder/it's $HOME `x`", KUBECONFIG: "/k" };
    const lines = shellLines(values, ["/one", "/two parts"]);
    const script = [...lines, 'printf "%s\\n" "$PULUMI_HOME" "$KUBECONFIG" "$PATH"'].join("\n");
    const printed = execFileSync("sh", ["-c", script], { encoding: "utf8", env: { PATH: "/usr/bin:/bin" } });
    assert.deepEqual(printed.trim().split("\n"), [values.PULUMI_HOME, "/k", "/one:/two parts:/usr/bin:/bin"]);
  });

  it("leaves PATH alone if there is nothing to add", () => {
    assert.deepEqual(shellLines({}, []), []);
  });
});

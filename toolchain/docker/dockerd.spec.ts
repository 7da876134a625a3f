import assert from "node:assert/strict";
import { statePaths } from "../paths";
import { dockerd, isOwnElsewhere, mountTargets } from "./dockerd";

describe("dockerd", () => {
  const paths = statePaths({ XDG_STATE_HOME: "/state" });
  const { args, env } = dockerd(paths, "/programs");

  it("leaves the machine's firewall and settings alone", () => {
    for (const flag of [
      "--bridge=none",
      "--iptables=false",
      "--ip6tables=false",
      "--ip-forward=false",
      "--ip-masq=false",
    ]) {
      assert.ok(args.includes(flag), flag);
    }
  });

  it("works in folders of its own", () => {
    const folders = args.filter((arg) => /^--(host|data-root|exec-root|pidfile)=/.test(arg));
    assert.equal(folders.length, 4);
    for (const folder of folders) {
      assert.match(folder, /=(unix:\/\/)?\/state\/sidecar-mesh\//);
    }
    assert.match(env.PATH!, /^\/programs\//);
  });
});

describe("isOwnElsewhere", () => {
  const { command, args } = dockerd(statePaths({ XDG_STATE_HOME: "/state" }), "/programs");

  it("knows the daemon of another state folder, and no other daemon", () => {
    assert.equal(isOwnElsewhere([command, ...args], "/elsewhere/sidecar-mesh"), true);
    assert.equal(isOwnElsewhere([command, ...args], "/state/sidecar-mesh"), false);
    assert.equal(isOwnElsewhere(["/usr/bin/dockerd", "-H", "fd://"], "/state/sidecar-mesh"), false);
  });
});

describe("mountTargets", () => {
  it("reads blanks in paths", () => {
    const lines = ["1 2 0:1 / /a rw - tmpfs x rw", "3 4 0:2 / /b\\040c rw shared:1 - overlay y rw", ""];
    assert.deepEqual(mountTargets(lines.join("\n")), ["/a", "/b c"]);
  });
});

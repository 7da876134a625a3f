import { specify, unknown } from "../testing";
import { strictMtlsHasProxy } from "./strictMtlsHasProxy";

specify(strictMtlsHasProxy, {
  violations: [
    {
      it: "finds a strict server outside the mesh",
      edits: [["Namespace demo", 'metadata.labels["istio-injection"]', "disabled"]],
      on: "Deployment demo/user",
      code: "KIA0501",
    },
    {
      it: "finds a strict server that opts out",
      edits: [["Deployment user", 'spec.template.metadata.labels["sidecar.istio.io/inject"]', "false"]],
      on: "Deployment demo/user",
    },
  ],
  passes: [
    {
      it: "passes where plain text is permitted",
      edits: [
        ["Namespace demo", 'metadata.labels["istio-injection"]', "disabled"],
        ["PeerAuthentication default", "spec.mtls.mode", "PERMISSIVE"],
      ],
    },
    {
      it: "passes without a policy",
      edits: [
        ["Namespace demo", 'metadata.labels["istio-injection"]', "disabled"],
        ["PeerAuthentication default", ""],
      ],
    },
    {
      it: "does not mean namespaces outside by a policy for the mesh",
      edits: [
        ["Namespace demo", 'metadata.labels["istio-injection"]', "disabled"],
        ["PeerAuthentication default", "metadata.namespace", "istio-system"],
      ],
    },
  ],
  unknown: { edits: [["Namespace demo", 'metadata.labels["istio-injection"]', unknown]], on: "Deployment demo/user" },
});

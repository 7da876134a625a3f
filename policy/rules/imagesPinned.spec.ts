import { specify, unknown } from "../testing";
import { imagesPinned } from "./imagesPinned";

specify(imagesPinned, {
  violations: [
    {
      it: "finds latest",
      edits: [["Deployment user", "spec.template.spec.containers[0].image", "hashicorp/http-echo:latest"]],
      on: "Deployment demo/user",
    },
    {
      it: "finds no tag, a port of the registry not being one",
      edits: [["Deployment user", "spec.template.spec.containers[0].image", "localhost:5000/http-echo"]],
      on: "Deployment demo/user",
    },
  ],
  passes: [
    {
      it: "passes a digest",
      edits: [["Deployment user", "spec.template.spec.containers[0].image", "http-echo@sha256:00"]],
    },
    {
      it: "passes a container without an image",
      edits: [["Deployment user", "spec.template.spec.containers[0].image"]],
    },
  ],
  unknown: {
    edits: [["Deployment user", "spec.template.spec.containers[0].image", unknown]],
    on: "Deployment demo/user",
  },
});

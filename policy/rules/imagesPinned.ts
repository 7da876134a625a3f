import { containersOf } from "../mesh/mesh";
import { rule } from "../rule";
import { images } from "../sources";

/** Images name a version. */
export const imagesPinned = rule({
  name: "images-pinned",
  description: "Every image has a tag other than `latest`, or a digest.",
  rationale: "What runs changes whenever a node pulls the image again, and no rollback brings the old one back.",
  fix: "Name a version or a digest.",
  level: "advisory",
  codes: [],
  source: images,
  check({ mesh, each, report }) {
    each(mesh.workloads, (workload) => {
      for (const { container, field } of containersOf(workload)) {
        const { image } = container;
        if (image === undefined || image === "" || image === "auto" || image.includes("@")) {
          continue;
        }
        const tag = /:([^/:]+)$/.exec(image)?.[1];
        if (tag === undefined || tag === "latest") {
          report(workload.resource, {
            field: `${field}.image`,
            message: `The image ${image} ${tag === undefined ? "has no tag" : "is tagged latest"}, so what runs is left to chance.`,
            fix: "Name a version or a digest.",
          });
        }
      }
    });
  },
});

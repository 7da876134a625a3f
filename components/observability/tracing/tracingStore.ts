import * as pulumi from "@pulumi/pulumi";
import { ArgsCheck } from "../../validation";
import { declareBackend } from "../backend";
import type { PodSizing } from "../backend";
import { type TracingBackendName, tracingBackends } from ".";
import type { TraceStorage } from "./tracingBackend";

/** Args of {@link TracingStore}. */
export interface TracingStoreArgs {
  /** Which backend to install. */
  kind: TracingBackendName;
  /** Namespace of all that is made. */
  namespace: pulumi.Input<string>;
  image: string;
  /** Pods, requests and limits. More than one pod needs a storage outside of them. */
  sizing: PodSizing;
  storage: TraceStorage;
  /** Path under which its page is served, for example `/jaeger`. Default: `/`. */
  path?: string;
}

/** A tracing backend: takes spans, keeps them, and shows them. */
export class TracingStore extends pulumi.ComponentResource {
  constructor(name: string, args: TracingStoreArgs, opts?: pulumi.ComponentResourceOptions) {
    const { title, user, spans, page, ready, server } = tracingBackends[args.kind];
    super(`sidecar-mesh:index:${title}`, name, {}, opts);
    new ArgsCheck(title)
      .require(
        args.storage.kind !== "memory" || args.sizing.replicas === 1,
        "sizing.replicas",
        args.sizing.replicas,
        "pods that keep traces in memory each have some of them: use 1, or elasticsearch or opensearch",
      )
      .done(this);
    declareBackend(
      name,
      {
        namespace: args.namespace,
        app: args.kind,
        service: spans.service,
        image: args.image,
        user,
        ports: spans.ports,
        page: page.service === spans.service ? undefined : page,
        ready,
        sizing: args.sizing,
        ...server(args.storage, args.path),
      },
      this,
    );
    this.registerOutputs({});
  }
}

import type { KubernetesObject } from "@kubernetes/client-node";

/** Any object of the API server. */
export interface LiveObject extends KubernetesObject {
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  data?: Record<string, string>;
}

/**
 * Fields that the client library knows by another name, because theirs is a word of the language, in the items of a
 * list of the spec. It leaves out, without a word, what it does not know: for example the sources of a NetworkPolicy's
 * rule, which then allows all.
 */
const renamed: Readonly<Record<string, { list: string; field: string; library: string }>> = {
  "networking.k8s.io/v1 NetworkPolicy": { list: "ingress", field: "from", library: "_from" },
  "v1 LimitRange": { list: "limits", field: "default", library: "_default" },
};

/** @returns the object as the client library takes it. */
export function toLibrary(object: LiveObject): LiveObject {
  return rename(object, (field, library) => [field, library]);
}

/** @returns an object of the client library as the API server has it. */
export function fromLibrary(object: LiveObject): LiveObject {
  return rename(object, (field, library) => [library, field]);
}

function rename(object: LiveObject, direction: (field: string, library: string) => [string, string]): LiveObject {
  const { apiVersion, kind, spec } = object;
  const fields = renamed[`${apiVersion} ${kind}`];
  const items = fields && spec?.[fields.list];
  if (!fields || !Array.isArray(items)) {
    return object;
  }
  const [before, after] = direction(fields.field, fields.library);
  const changed = (items as Record<string, unknown>[]).map(({ [before]: value, ...rest }) => ({
    ...rest,
    ...(value !== undefined && { [after]: value }),
  }));
  return { ...object, spec: { ...spec, [fields.list]: changed } };
}

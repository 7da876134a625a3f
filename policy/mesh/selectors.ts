/** Label selectors. */

/** A Kubernetes label selector. */
export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key?: string; operator?: string; values?: string[] }[];
}

/** Whether the labels hold every pair of the selector; an empty selector takes everything. */
export function selects(selector: Record<string, string> | undefined, labels: Record<string, string>): boolean {
  for (const key in selector) {
    if (labels[key] !== selector[key]) {
      return false;
    }
  }
  return true;
}

/** Whether a selector has nothing to select by. */
export function isEmpty(selector: Record<string, string> | undefined): boolean {
  return selector === undefined || Object.keys(selector).length === 0;
}

/** Whether a Kubernetes label selector takes the labels. An absent one takes everything, as webhooks have it. */
export function matchesSelector(selector: LabelSelector | undefined, labels: Record<string, string>): boolean {
  return (
    selects(selector?.matchLabels, labels) &&
    (selector?.matchExpressions ?? []).every(({ key = "", operator, values = [] }) => {
      const value = labels[key];
      switch (operator) {
        case "In":
          return value !== undefined && values.includes(value);
        case "NotIn":
          return value === undefined || !values.includes(value);
        case "Exists":
          return value !== undefined;
        case "DoesNotExist":
          return value === undefined;
        default:
          return false;
      }
    })
  );
}

/** A selector as one writes it for kubectl: `app=web,tier=front`. */
export function selectorText(selector: Record<string, string> | undefined): string {
  return Object.entries(selector ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

/** Whether a text matches a pattern in which `*` stands for anything. */
export function matchesGlob(pattern: string, text: string): boolean {
  if (!pattern.includes("*")) {
    return pattern === text;
  }
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(text);
}

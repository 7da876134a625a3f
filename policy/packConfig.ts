/** The configuration of the policy pack, as Pulumi hands it over: policy by policy. */
import type { Settings } from "./settings";

/** The policy that carries the settings of the whole pack. */
export const settingsPolicy = "mesh-settings";

/**
 * Turns settings into what `--policy-pack-config` takes.
 *
 * @param settings As a file for `mesh-check --config` holds them: valid, and nothing but what is set.
 * @returns the configuration of each policy that has one, by its name.
 */
export function packConfigOf(settings: Partial<Settings>): Record<string, object> {
  const { rules = {}, levels = {}, ...pack } = settings;
  // The engine must know a level to ask a policy at all; the pack, to distinguish what is certain from what is not.
  const whole = { ...pack, ...(Object.keys(levels).length > 0 && { levels }) };
  const names = [...new Set([...Object.keys(levels), ...Object.keys(rules)])];
  return {
    ...(Object.keys(whole).length > 0 && { [settingsPolicy]: whole }),
    ...Object.fromEntries(
      names.map((name) => [name, { ...(levels[name] && { enforcementLevel: levels[name] }), ...rules[name] }]),
    ),
  };
}

import type { HelloBody } from "../../src/protocol/messages.ts";
import { failure } from "./errors.ts";

/** `gamma` is added to every latent of a group: one number a group, or by name. `guidance` null or absent: the daemon's default. */
export interface Steering {
  readonly gamma: readonly number[] | Readonly<Record<string, number>>;
  readonly guidance?: number | null;
}

/** One number a group, in the bundle's order; zeros for groups that are not named. CLIENT_PARAMETER for names that it does not have, CLIENT_OFFLINE without a bundle. */
export function gammaOf(gamma: Steering["gamma"], hello: HelloBody | null): number[] {
  if (isList(gamma)) return [...gamma];
  if (hello === null)
    throw failure("CLIENT_OFFLINE", "steer: there is no connection, so the names of groups are not known");
  const names = hello.bundle.latents.groups.map(({ name }) => name);
  for (const name of Object.keys(gamma))
    if (!names.includes(name))
      throw failure("CLIENT_PARAMETER", `steer.gamma: expected groups among ${names.join(", ")}, got "${name}"`);
  return names.map((name) => gamma[name] ?? 0);
}

function isList(gamma: Steering["gamma"]): gamma is readonly number[] {
  return Array.isArray(gamma);
}

import type { Config } from "./settings.ts";

/** What a process of the service may do: answer requests, work jobs, begin what is due. */
export const INSTANCE_ROLES = ["api", "worker", "scheduler"] as const;

export type InstanceRole = (typeof INSTANCE_ROLES)[number];

export function isInstanceRole(name: string): name is InstanceRole {
  return INSTANCE_ROLES.some((role) => role === name);
}

/** The roles that this process is run for. */
export function rolesOf({ ROLE }: Pick<Config, "ROLE">): ReadonlySet<InstanceRole> {
  const names = new Set(ROLE.split(",").map((name) => name.trim()));
  return new Set(INSTANCE_ROLES.filter((role) => names.has(role)));
}

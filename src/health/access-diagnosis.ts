import { decideAccess, isLoopback } from "../access/opening.ts";
import type { Config } from "../config/settings.ts";
import { type Diagnosis, pass, warn } from "./diagnosis.ts";

/** Who may use the service, as far as the settings say. */
export function examineAccess(config: Pick<Config, "AUTH" | "AUTH_PROVIDER" | "HOST">): Diagnosis {
  const decision = decideAccess(config);
  if (decision === "closed") return pass("Callers need a key or a token");
  if (decision === "closed_with_key")
    return pass(`Callers at ${config.HOST} need a key; the service starts once there is one`);
  return isLoopback(config.HOST)
    ? pass("Open to this machine alone")
    : warn(`Anyone who reaches ${config.HOST} can use it`, "Set AUTH=on, unless the network is to be trusted");
}

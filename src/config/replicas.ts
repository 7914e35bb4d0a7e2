import type { Config } from "./settings.ts";

/** URLs of the replicas that the settings name; none without a server that they could be replicas of. */
export function replicasOf({ DATABASE_URL, DATABASE_READ_URL }: Pick<Config, "DATABASE_URL" | "DATABASE_READ_URL">) {
  if (!DATABASE_URL) return [];
  // A URL may name several hosts that stand for each other, with commas of their own.
  const urls = (DATABASE_READ_URL ?? "").split(/,(?=\s*[a-z]+:\/\/)/);
  return urls.map((url) => url.trim()).filter((url) => url !== "");
}

import type { Config } from "../config/settings.ts";
import type { Fault } from "../errors.ts";
import { createAddressPolicy, parseAllowedNetworks } from "../fetch/address-policy.ts";
import { parseAddress } from "../fetch/addresses.ts";
import { FetchError } from "../fetch/fetch.ts";

/**
 * What can be said against an address before anything is sent there: it is no URL of the web, or plainly leads inwards.
 * Sending judges it again, with what its name stands for then.
 */
export function findUrlFaults(
  text: string,
  at: string,
  { ALLOW_PRIVATE_NETWORKS }: Pick<Config, "ALLOW_PRIVATE_NETWORKS">,
): Fault[] {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) return [{ at, message: "must be an http or https URL" }];
  const networks = parseAllowedNetworks(ALLOW_PRIVATE_NETWORKS);
  const policy = createAddressPolicy({ allow: "allow" in networks ? networks.allow : [] });
  try {
    policy.checkUrl(url);
    const address = parseAddress(url.hostname);
    if (address) policy.checkAddress(url, address.toString());
    return [];
  } catch (error) {
    if (error instanceof FetchError) return [{ at, message: `can't be sent to: ${error.message}` }];
    throw error;
  }
}

/** What is shorter is no secret, and would hide half of any text that it is looked for in. */
const MIN_SECRET = 6;

/** Values of a URL's query: receivers that know their senders by a token often have it there. */
export function secretsOfUrl(text: string): string[] {
  // As it was given, and as it is sent.
  const queries = [text, URL.parse(text)?.href ?? ""].map((url) => /\?([^#]*)/.exec(url)?.[1] ?? "");
  const values = queries.flatMap((query) => query.split("&").map((pair) => pair.slice(pair.indexOf("=") + 1)));
  return [...new Set(values)].filter((value) => value.length >= MIN_SECRET);
}

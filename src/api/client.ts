import ipaddr from "ipaddr.js";
import { AppError } from "../errors.ts";

/** Who is at the far end of the connection, or of the proxies before it, and how they came to the first of them. */
export type Client = {
  /** The last address that is not a trusted proxy's; IPv4 in its own spelling even where it came as IPv6. */
  address: string;
  /** Whether a trusted proxy says that the client came by HTTPS. */
  isSecure: boolean;
};

export type ReadClient = (headers: Headers, peer: string) => Client;

type Network = [ipaddr.IPv4 | ipaddr.IPv6, number];

/**
 * Reads `Forwarded` (RFC 7239) or else `X-Forwarded-For` from the right, each hop as far as the one that wrote it is
 * trusted: what stands further left is what the client says of itself. From an untrusted peer nothing is believed.
 * @throws AppError `invalid` for a network that means nothing
 */
export function createClientReader(trustedProxies: string): ReadClient {
  const networks = readNetworks(trustedProxies);
  const isTrusted = (address: string) => {
    const parsed = ipaddr.process(address);
    return networks.some((network) => parsed.kind() === network[0].kind() && parsed.match(network));
  };
  return (headers, peer) => {
    // By hand, since every request comes by here: a socket that speaks both writes IPv4 so, and in no other spelling.
    const own = peer.startsWith("::ffff:") ? peer.slice("::ffff:".length) : peer;
    if (networks.length === 0 || !ipaddr.isValid(own) || !isTrusted(own)) return { address: own, isSecure: false };
    const hops = readHops(headers);
    let address = own;
    let protocol: string | undefined;
    for (const hop of hops.reverse()) {
      protocol = hop.protocol ?? protocol;
      // An obscured or broken hop hides who is behind it: the proxy that wrote it is the client then.
      if (hop.address === undefined) break;
      address = hop.address;
      if (!isTrusted(address)) break;
    }
    return { address, isSecure: protocol === "https" };
  };
}

/** @throws AppError `invalid` */
function readNetworks(text: string): Network[] {
  const entries = text.split(",").map((entry) => entry.trim());
  return entries.filter((entry) => entry !== "").map(readNetwork);
}

function readNetwork(entry: string): Network {
  try {
    const isSingle = ipaddr.isValid(entry);
    const [address, bits] = isSingle ? [ipaddr.parse(entry), undefined] : ipaddr.parseCIDR(entry);
    return [address, bits ?? (address.kind() === "ipv4" ? 32 : 128)];
  } catch (cause) {
    const message = `${JSON.stringify(entry)} is no address and no CIDR; for example 10.0.0.0/8`;
    throw new AppError("invalid", `TRUSTED_PROXIES: ${message}`, {
      faults: [{ at: "TRUSTED_PROXIES", message }],
      cause,
    });
  }
}

type Hop = { address: string | undefined; protocol: string | undefined };

function readHops(headers: Headers): Hop[] {
  const forwarded = headers.get("forwarded");
  if (forwarded !== null) return splitOutsideQuotes(forwarded, ",").map(readForwarded);
  const addresses = headers.get("x-forwarded-for")?.split(",") ?? [];
  const protocols = headers.get("x-forwarded-proto")?.split(",") ?? [];
  if (addresses.length === 0) return protocols.slice(-1).map((protocol) => ({ address: undefined, protocol }));
  // Each proxy adds a word to the one and often sets the other anew: a lone protocol is the nearest proxy's.
  const offset = addresses.length - protocols.length;
  return addresses.map((address, at) => ({
    address: readAddress(address.trim()),
    protocol: protocols[at - offset]?.trim().toLowerCase(),
  }));
}

/** One element: `for="[2001:db8::17]:4711";proto=https` (RFC 7239 §4). */
function readForwarded(element: string): Hop {
  const pairs = splitOutsideQuotes(element, ";").map((pair) => {
    const at = pair.indexOf("=");
    const value = pair.slice(at + 1).trim();
    const unquoted = value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value;
    return [pair.slice(0, at).trim().toLowerCase(), unquoted] as const;
  });
  const named = new Map(pairs);
  return { address: readAddress(named.get("for") ?? ""), protocol: named.get("proto")?.toLowerCase() };
}

function splitOutsideQuotes(text: string, separator: "," | ";"): string[] {
  const parts = text.match(
    separator === "," ? /(?:"(?:[^"\\]|\\(?:.|$))*(?:"|$)|[^",])+/gs : /(?:"(?:[^"\\]|\\(?:.|$))*(?:"|$)|[^";])+/gs,
  );
  return parts ?? [];
}

/** Without port and brackets; `undefined` for what is no address, as with `unknown` and `_hidden`. */
function readAddress(text: string): string | undefined {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  // The parser takes short spellings such as "127.1", which no proxy writes.
  if (!bare.includes(":") && !ipaddr.IPv4.isValidFourPartDecimal(bare)) return undefined;
  return ipaddr.isValid(bare) ? ipaddr.process(bare).toString() : undefined;
}

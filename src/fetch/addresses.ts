import ipaddr from "ipaddr.js";

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

const GLOBAL_UNICAST: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse("2000::"), 3];
const IPV4_COMPATIBLE: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse("::"), 96];

/** Names for people, by ipaddr.js's range names. A range that is missing here is refused all the same. */
const RANGE_NAMES: Record<string, string> = {
  unspecified: "an unspecified address",
  broadcast: "a broadcast address",
  multicast: "a multicast address",
  linkLocal: "a link-local address",
  loopback: "a loopback address",
  carrierGradeNat: "a carrier-grade NAT address",
  private: "a private address",
  uniqueLocal: "a private address",
  deprecatedSiteLocal: "a site-local address",
  discard: "a discard-only address",
  rfc6145: "an IPv4-translated address",
  rfc6052: "a NAT64 address",
  "6to4": "a 6to4 address",
  teredo: "a Teredo address",
  benchmarking: "a benchmarking address",
};

/** The address in a URL's `hostname`, or as a resolver gives it; `undefined` for a name. Expects normalised spelling. */
export function parseAddress(text: string): Address | undefined {
  const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  // Only the canonical four decimals: ipaddr.js also reads octal and hex, which the URL parser has resolved before us.
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.IPv4.parse(bare);
  if (!bare.includes(":")) return undefined;
  // ipaddr.js takes ::10.0.0.1 for ::ffff:10.0.0.1, which is another address; in hexadecimal there is no such doubt.
  const plain = bare.includes(".") ? URL.parse(`http://[${bare}]/`)?.hostname.slice(1, -1) : bare;
  return plain !== undefined && ipaddr.IPv6.isValid(plain) ? ipaddr.IPv6.parse(plain) : undefined;
}

/**
 * Every address that a packet to this one may end up at: itself, and the IPv4 addresses that transition mechanisms
 * embed in it (NAT64 by RFC 6052 and RFC 8215, 6to4 by RFC 3056, Teredo by RFC 4380, IPv4-compatible, translated).
 * An IPv4-mapped address is its IPv4 address and nothing else: that is where the kernel connects.
 */
export function readAddress(address: Address): Address[] {
  if (address instanceof ipaddr.IPv4) return [address];

  const bytes = address.toByteArray();
  const range = address.range();
  switch (range) {
    case "ipv4Mapped":
      return [embedded(bytes, 12, 13, 14, 15)];
    case "rfc6145":
      return [address, embedded(bytes, 12, 13, 14, 15)];
    case "rfc6052":
      // Under 64:ff9b:1::/48 a translator may use the /48 layout, which goes around byte 8, or the /96 one.
      return bytes[5] === 1
        ? [address, embedded(bytes, 12, 13, 14, 15), ...embeddedUnless(bytes, [6, 7, 9, 10])]
        : [address, embedded(bytes, 12, 13, 14, 15)];
    case "6to4":
      return [address, embedded(bytes, 2, 3, 4, 5)];
    case "teredo": {
      const obscured = bytes.map((byte) => byte ^ 0xff);
      return [address, embedded(bytes, 4, 5, 6, 7), embedded(obscured, 12, 13, 14, 15)];
    }
    default:
      return address.match(IPV4_COMPATIBLE) && range !== "loopback" && range !== "unspecified"
        ? [address, embedded(bytes, 12, 13, 14, 15)]
        : [address];
  }
}

/** What kind of special-purpose address this is, in words; `undefined` for one of the public internet. */
export function findSpecialPurpose(address: Address): string | undefined {
  const range = address.range();
  const isPublic =
    range === "unicast" && (address instanceof ipaddr.IPv4 || (address as ipaddr.IPv6).match(GLOBAL_UNICAST));
  return isPublic ? undefined : (RANGE_NAMES[range] ?? "a reserved address");
}

function embedded(bytes: number[], ...at: [number, number, number, number]): ipaddr.IPv4 {
  return new ipaddr.IPv4(at.map((index) => bytes[index] ?? 0));
}

/** All zeros means that the layout is not in use. */
function embeddedUnless(bytes: number[], at: [number, number, number, number]): ipaddr.IPv4[] {
  return at.every((index) => bytes[index] === 0) ? [] : [embedded(bytes, ...at)];
}

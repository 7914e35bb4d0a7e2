import { AppError } from "../errors.ts";
import { type Address, findSpecialPurpose, parseAddress, readAddress } from "./addresses.ts";
import { FetchError } from "./fetch.ts";

/** Decides what may be connected to. Both checks must pass for every hop, and the second for every address of a name. */
export type AddressPolicy = {
  /**
   * What can be said before a look-up.
   * @throws FetchError `blocked_scheme`, `bad_url`, `blocked_port` or `blocked_address`
   */
  checkUrl(url: URL): void;
  /** @throws FetchError `blocked_address` or `blocked_port` */
  checkAddress(url: URL, address: string): void;
};

/** `true` opens everything; the list holds CIDRs, addresses, hosts (`*.` stands for any subdomain) and host:port. */
export type AllowedNetworks = true | readonly string[];

type Network = { address: Address; bits: number; port: number | undefined };
type AllowedHost = { name: string; hasSubdomains: boolean; port: number | undefined };

const DEFAULT_PORTS = [80, 443, 8080, 8443];

// Names of the machine itself, of its network and of cloud metadata services. A name without a dot is of this kind
// too: it only resolves through a search list or a hosts file.
const INTERNAL_SUFFIXES = [
  "localhost",
  "local",
  "localdomain",
  "internal",
  "intranet",
  "private",
  "corp",
  "home",
  "lan",
];
const INTERNAL_NAMES = [...INTERNAL_SUFFIXES, "home.arpa", "svc", "metadata.goog"];

/**
 * Ports are those of the web unless `ports` says otherwise; what is allowed by name, address or network may be reached
 * on any port, unless its entry names one. `allow: true` opens all ports too, unless `ports` is given.
 * @throws AppError `invalid` for an entry that means nothing
 */
export function createAddressPolicy(
  options: { allow?: AllowedNetworks; ports?: readonly number[] } = {},
): AddressPolicy {
  const allow = options.allow ?? [];
  const isOpen = allow === true;
  const ports = new Set(options.ports ?? DEFAULT_PORTS);
  const hasEveryPort = isOpen && options.ports === undefined;
  const { networks, hosts } = readEntries(isOpen ? [] : allow);

  const isPortOpen = (url: URL) => hasEveryPort || ports.has(portOf(url));
  const isHostAllowed = (url: URL) => {
    const name = nameOf(url);
    return hosts.some((host) => matchesName(host, name) && (host.port ?? portOf(url)) === portOf(url));
  };
  const isNetworkAllowed = (address: Address, port: number) =>
    networks.some((network) => contains(network, address) && (network.port ?? port) === port);

  return {
    checkUrl(url) {
      if (url.protocol !== "http:" && url.protocol !== "https:") {
        throw new FetchError("blocked_scheme", `${url.protocol} is not fetched: only http: and https: URLs are`);
      }
      if (url.username !== "" || url.password !== "") {
        throw new FetchError("bad_url", `The URL for ${url.host} carries a user name or password: leave them out`);
      }
      if (url.hostname === "") throw new FetchError("bad_url", `${url.href} names no host`);
      // An allowed network may still speak for this port and this name, once the address is known.
      if (isHostAllowed(url) || networks.length > 0) return;
      if (!isPortOpen(url)) throw portRefusal(url);
      if (!isOpen && isInternalName(nameOf(url))) throw nameRefusal(url);
    },

    checkAddress(url, text) {
      if (hasEveryPort || isHostAllowed(url)) return;
      const address = parseAddress(text);
      if (!address) throw new FetchError("blocked_address", `${url.host} has an address that can't be read: ${text}`);

      const readings = readAddress(address);
      const port = portOf(url);
      for (const reading of readings) {
        const special = findSpecialPurpose(reading);
        if (special && !isOpen && !isNetworkAllowed(reading, port)) throw addressRefusal(url, text, special);
      }
      if (readings[0] && isNetworkAllowed(readings[0], port)) return;
      if (!isPortOpen(url)) throw portRefusal(url);
      if (!isOpen && isInternalName(nameOf(url))) throw nameRefusal(url);
    },
  };
}

/** Reads a setting's value: `true`, or a comma-separated list; empty (or `false`) allows nothing. */
export function parseAllowedNetworks(text: string): { allow: AllowedNetworks } | { fault: string } {
  const value = text.trim();
  if (value === "true") return { allow: true };
  if (value === "" || value === "false") return { allow: [] };

  const entries = value.split(",").map((entry) => entry.trim());
  for (const entry of entries) {
    const read = readEntry(entry);
    if ("fault" in read) return read;
  }
  return { allow: entries };
}

function readEntries(entries: readonly string[]): { networks: Network[]; hosts: AllowedHost[] } {
  const networks: Network[] = [];
  const hosts: AllowedHost[] = [];
  for (const entry of entries) {
    const read = readEntry(entry);
    if ("fault" in read) throw new AppError("invalid", read.fault);
    if ("name" in read) hosts.push(read);
    else networks.push(read);
  }
  return { networks, hosts };
}

function readEntry(entry: string): Network | AllowedHost | { fault: string } {
  const fault = `"${entry}" is no network, address or host: write 10.0.0.0/8, fd00::/8, 10.1.2.3, host.example or host.example:8080`;

  if (entry.includes("/")) {
    const [text = "", bits = "", ...rest] = entry.split("/");
    const address = parseAddress(text);
    const width = address?.kind() === "ipv4" ? 32 : 128;
    if (!address || rest.length > 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > width) return { fault };
    return { address, bits: Number(bits), port: undefined };
  }

  // A bare IPv6 address is all colons, so a port can only follow it in brackets.
  const whole = parseAddress(entry);
  if (whole) return { address: whole, bits: whole.kind() === "ipv4" ? 32 : 128, port: undefined };

  const [, host = "", portText] = /^(.+?)(?::(\d{1,5}))?$/.exec(entry) ?? [];
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && (port < 1 || port > 65_535)) return { fault };
  const address = parseAddress(host);
  if (address) return { address, bits: address.kind() === "ipv4" ? 32 : 128, port };

  const hasSubdomains = host.startsWith("*.");
  const parsed = URL.parse(`http://${hasSubdomains ? host.slice(2) : host}/`);
  // What the URL parser makes an address (0x7f.1) or splits (user@host) is a slip, and not worth guessing at.
  const isName = parsed && parsed.host === parsed.hostname && parsed.username === "" && !parseAddress(parsed.hostname);
  if (!isName || /[\s*@[\]?#\\]/.test(host.slice(hasSubdomains ? 2 : 0))) return { fault };
  return { name: withoutFinalDot(parsed.hostname), hasSubdomains, port };
}

function contains(network: Network, address: Address): boolean {
  return address.kind() === network.address.kind() && address.match([network.address, network.bits] as never);
}

function matchesName(host: AllowedHost, name: string): boolean {
  return host.hasSubdomains ? name.endsWith(`.${host.name}`) : name === host.name;
}

function isInternalName(name: string): boolean {
  if (parseAddress(name)) return false;
  return !name.includes(".") || INTERNAL_NAMES.some((suffix) => name === suffix || name.endsWith(`.${suffix}`));
}

function nameOf(url: URL): string {
  return withoutFinalDot(url.hostname);
}

/** `localhost.` is `localhost`, to a resolver. */
function withoutFinalDot(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

function portOf(url: URL): number {
  if (url.port !== "") return Number(url.port);
  return url.protocol === "https:" ? 443 : 80;
}

function portRefusal(url: URL): FetchError {
  return new FetchError(
    "blocked_port",
    `Port ${portOf(url)} of ${url.hostname} is not fetched from: it is none of the web's ports, and the host is not in ALLOW_PRIVATE_NETWORKS`,
  );
}

function nameRefusal(url: URL): FetchError {
  return new FetchError(
    "blocked_address",
    `${url.hostname} is a name inside this network: add it to ALLOW_PRIVATE_NETWORKS if it may be fetched`,
  );
}

function addressRefusal(url: URL, address: string, special: string): FetchError {
  const subject =
    url.hostname === address || url.hostname === `[${address}]` ? address : `${url.hostname} is ${address}, which`;
  return new FetchError(
    "blocked_address",
    `${subject} is ${special}: add it to ALLOW_PRIVATE_NETWORKS if it may be fetched`,
  );
}

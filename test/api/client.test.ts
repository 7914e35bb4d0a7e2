import { expect, test } from "bun:test";
import { createClientReader } from "../../src/api/client.ts";

type Case = { peer?: string; headers?: Record<string, string>; address: string; isSecure?: boolean };

const PROXY = "10.0.0.1";
const CASES: Record<string, Case> = {
  "a peer that is no proxy is not believed": {
    peer: "203.0.113.9",
    headers: { "x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "https", forwarded: "for=1.2.3.4;proto=https" },
    address: "203.0.113.9",
  },
  "a trusted proxy names the client": { headers: { "x-forwarded-for": "198.51.100.7" }, address: "198.51.100.7" },
  "a proxy that names nobody is the client": { address: PROXY },
  "what a client says of itself stands to the left and is not read": {
    headers: { "x-forwarded-for": "127.0.0.1, 198.51.100.7" },
    address: "198.51.100.7",
  },
  "several proxies are walked through": {
    headers: { "x-forwarded-for": "6.6.6.6, 198.51.100.7, 10.9.9.9" },
    address: "198.51.100.7",
  },
  "a chain of proxies alone ends at its first": {
    headers: { "x-forwarded-for": "10.1.1.1, 10.9.9.9" },
    address: "10.1.1.1",
  },
  "nonsense is not passed over": { headers: { "x-forwarded-for": "198.51.100.7, unknown" }, address: PROXY },
  "short spellings of addresses are nonsense": { headers: { "x-forwarded-for": "127.1" }, address: PROXY },
  "ports are left out": { headers: { "x-forwarded-for": "198.51.100.7:51234" }, address: "198.51.100.7" },
  "IPv6 comes in brackets with a port": {
    headers: { "x-forwarded-for": "[2001:db8::17]:4711" },
    address: "2001:db8::17",
  },
  "IPv4 inside IPv6 is IPv4": {
    peer: "::ffff:10.0.0.1",
    headers: { "x-forwarded-for": "::ffff:1.2.3.4" },
    address: "1.2.3.4",
  },
  "an IPv6 network is trusted": { peer: "fd00::5", headers: { "x-forwarded-for": "1.2.3.4" }, address: "1.2.3.4" },
  "HTTPS is believed of a proxy": {
    headers: { "x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "https" },
    address: "198.51.100.7",
    isSecure: true,
  },
  "HTTPS is believed of a proxy that tells no address": {
    headers: { "x-forwarded-proto": "https" },
    address: PROXY,
    isSecure: true,
  },
  "each hop has a protocol of its own": {
    headers: { "x-forwarded-for": "198.51.100.7, 10.9.9.9", "x-forwarded-proto": "https, http" },
    address: "198.51.100.7",
    isSecure: true,
  },
  "a protocol that the client made up is not read": {
    headers: { "x-forwarded-for": "6.6.6.6, 198.51.100.7", "x-forwarded-proto": "https, http" },
    address: "198.51.100.7",
  },
  "Forwarded goes before": {
    headers: { forwarded: "for=192.0.2.60;proto=https;by=203.0.113.43", "x-forwarded-for": "1.2.3.4" },
    address: "192.0.2.60",
    isSecure: true,
  },
  "Forwarded is quoted, cased and spaced as anybody likes": {
    headers: { forwarded: 'For="[2001:db8:cafe::17]:4711" ; PROTO=HTTPS, for=10.9.9.9' },
    address: "2001:db8:cafe::17",
    isSecure: true,
  },
  "commas in quotes part nothing": {
    headers: { forwarded: 'for=6.6.6.6;host="a,for=7.7.7.7", for=198.51.100.7' },
    address: "198.51.100.7",
  },
  "a hop that hides is as far as it goes": { headers: { forwarded: "for=6.6.6.6, for=_hidden" }, address: PROXY },
};

for (const [name, { peer = PROXY, headers = {}, address, isSecure = false }] of Object.entries(CASES)) {
  test(name, () => {
    const read = createClientReader("10.0.0.0/8, fd00::/8,192.0.2.1");

    expect(read(new Headers(headers), peer)).toEqual({ address, isSecure });
  });
}

test("without trusted proxies nobody is believed", () => {
  const read = createClientReader("");

  expect(read(new Headers({ "x-forwarded-for": "1.2.3.4" }), "127.0.0.1").address).toBe("127.0.0.1");
});

test("a network that means nothing is named at the start", () => {
  expect(() => createClientReader("10.0.0.0/8,proxy.local")).toThrow('TRUSTED_PROXIES: "proxy.local" is no address');
  expect(() => createClientReader("10.0.0.0/99")).toThrow("is no address and no CIDR");
});

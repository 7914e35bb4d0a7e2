import { describe, expect, test } from "bun:test";
import { findSpecialPurpose, parseAddress, readAddress } from "../../src/fetch/addresses.ts";

const purposeOf = (text: string) => {
  const address = parseAddress(text);
  return address && findSpecialPurpose(address);
};

describe("an address of a special-purpose range is told from a public one at the range's edges", () => {
  test.each([
    ["0.0.0.0", "0.255.255.255"],
    ["10.0.0.0", "10.255.255.255"],
    ["100.64.0.0", "100.127.255.255"],
    ["127.0.0.0", "127.255.255.255"],
    ["169.254.0.0", "169.254.255.255"],
    ["172.16.0.0", "172.31.255.255"],
    ["192.0.0.0", "192.0.0.255"],
    ["192.0.2.0", "192.0.2.255"],
    ["192.88.99.0", "192.88.99.255"],
    ["192.168.0.0", "192.168.255.255"],
    ["198.18.0.0", "198.19.255.255"],
    ["198.51.100.0", "198.51.100.255"],
    ["203.0.113.0", "203.0.113.255"],
    ["224.0.0.0", "239.255.255.255"],
    ["240.0.0.0", "255.255.255.255"],
    ["::", "::1"],
    ["::2", "::ffff:ffff"],
    ["64:ff9b::", "64:ff9b::ffff:ffff"],
    ["64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"],
    ["100::", "100::ffff:ffff:ffff:ffff"],
    ["100:0:0:1::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["4000::", "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ])("%s to %s is special", (first, last) => {
    expect(purposeOf(first)).toBeString();
    expect(purposeOf(last)).toBeString();
  });

  test.each([
    "1.0.0.0",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2000::",
    "2001:200::",
    "2001:db7:ffff::",
    "2001:db9::",
    "2003::",
    "2606:4700::1111",
    "3ffe:ffff::",
    "3fff:1000::",
  ])("%s is public", (text) => {
    expect(purposeOf(text)).toBeUndefined();
  });
});

describe("an address is read as every address that may be behind it", () => {
  test.each([
    ["93.184.216.34", ["93.184.216.34"]],
    ["2606:4700::1111", ["2606:4700::1111"]],
    ["::1", ["::1"]],
    ["::ffff:10.0.0.1", ["10.0.0.1"]],
    ["::ffff:a00:1", ["10.0.0.1"]],
    ["::10.0.0.1", ["::a00:1", "10.0.0.1"]],
    ["::ffff:0:10.0.0.1", ["::ffff:0:a00:1", "10.0.0.1"]],
    ["64:ff9b::10.0.0.1", ["64:ff9b::a00:1", "10.0.0.1"]],
    ["64:ff9b:1::10.0.0.1", ["64:ff9b:1::a00:1", "10.0.0.1"]],
    ["64:ff9b:1:a00:0:100::", ["64:ff9b:1:a00:0:100::", "0.0.0.0", "10.0.0.1"]],
    ["2002:a00:1::1", ["2002:a00:1::1", "10.0.0.1"]],
    ["2001:0:a00:1:0:0:f5ff:fffd", ["2001:0:a00:1::f5ff:fffd", "10.0.0.1", "10.0.0.2"]],
    ["fe80::1%eth0", ["fe80::1%eth0"]],
  ])("%s", (text, readings) => {
    const address = parseAddress(text);

    expect(address && readAddress(address).map(String)).toEqual(readings);
  });
});

test("a name is no address, and neither is an address in a spelling that only the URL parser may resolve", () => {
  for (const text of [
    "example.com",
    "10",
    "0x7f.1",
    "010.0.0.1",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "::g",
    "",
    "[",
    "[]",
  ]) {
    expect([text, parseAddress(text)]).toEqual([text, undefined]);
  }
});

import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/errors.ts";
import { type AddressPolicy, createAddressPolicy, parseAllowedNetworks } from "../../src/fetch/address-policy.ts";
import { FetchError } from "../../src/fetch/fetch.ts";

/** `ok`, or the code that the URL is refused with when its name has these addresses (or is one itself). */
function judge(policy: AddressPolicy, text: string, ...addresses: string[]): string {
  const url = new URL(text);
  try {
    policy.checkUrl(url);
    for (const address of addresses.length > 0 ? addresses : [url.hostname]) policy.checkAddress(url, address);
    return "ok";
  } catch (error) {
    if (error instanceof FetchError) return error.code;
    throw error;
  }
}

const strict = createAddressPolicy();

describe("an address that is not public is refused in every spelling a URL can give it", () => {
  test.each([
    "http://127.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0X7F.0x0.0x0.0x1/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://0177.1/",
    "http://127.0.0.1./",
    "http://%31%32%37.0.0.1/",
    "http://127。0。0。1/",
    "http://①②⑦.0.0.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://169.254.169.254/latest/meta-data/",
    "http://0xA9FEA9FE/",
    "http://2852039166/",
    "http://169.254.43518/",
    "http://[::]/",
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[0000:0000:0000:0000:0000:0000:0000:0001]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::FFFF:169.254.169.254]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[64:ff9b:1::a9fe:a9fe]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://10.1.2.3/",
    "http://192.168.1.1/",
    "https://172.16.0.1/",
    "http://100.100.100.200/",
    "http://255.255.255.255/",
  ])("%s", (url) => {
    expect(judge(strict, url)).toBe("blocked_address");
  });
});

test("a public address passes, as a literal and behind a name", () => {
  expect(judge(strict, "http://93.184.216.34/")).toBe("ok");
  expect(judge(strict, "http://[::ffff:93.184.216.34]/")).toBe("ok");
  expect(judge(strict, "https://[2606:4700::1111]/")).toBe("ok");
  expect(judge(strict, "https://example.com/", "93.184.216.34", "2606:4700::1111")).toBe("ok");
});

test("one private address among a name's public ones is enough to refuse it", () => {
  expect(judge(strict, "https://example.com/", "93.184.216.34", "10.0.0.1")).toBe("blocked_address");
});

test("an address that can't be read is refused", () => {
  expect(judge(strict, "https://example.com/", "banana")).toBe("blocked_address");
});

test.each([
  "localhost",
  "LOCALHOST",
  "localhost.",
  "app.localhost",
  "printer.local",
  "metadata",
  "metadata.google.internal",
  "metadata.google.internal.",
  "metadata.goog",
  "instance-data",
  "instance-data.ec2.internal",
  "postgres",
  "nas.home.arpa",
  "wiki.corp",
  "kubernetes.default.svc",
])("the internal name %s is refused though its address were public", (name) => {
  expect(judge(strict, `http://${name}/`, "93.184.216.34")).toBe("blocked_address");
});

test("a name that only looks internal passes", () => {
  for (const name of ["internal.example.com", "notlocalhost.com", "mylocal.org", "localhost.example.com"]) {
    expect([name, judge(strict, `http://${name}/`, "93.184.216.34")]).toEqual([name, "ok"]);
  }
});

test("schemes other than HTTP and credentials are refused", () => {
  for (const url of ["ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "data:text/html,x"]) {
    expect([url, judge(strict, url, "93.184.216.34")]).toEqual([url, "blocked_scheme"]);
  }
  expect(judge(strict, "http://user@example.com/", "93.184.216.34")).toBe("bad_url");
  expect(judge(strict, "http://:secret@example.com/", "93.184.216.34")).toBe("bad_url");
  expect(judge(createAddressPolicy({ allow: true }), "http://user:x@localhost/", "127.0.0.1")).toBe("bad_url");
});

test("only the web's ports pass, and others where they are named", () => {
  for (const port of [80, 443, 8080, 8443]) {
    expect(judge(strict, `http://example.com:${port}/`, "93.184.216.34")).toBe("ok");
  }
  for (const port of [1, 22, 25, 3306, 5432, 6379, 65_535]) {
    expect(judge(strict, `http://example.com:${port}/`, "93.184.216.34")).toBe("blocked_port");
  }
  expect(judge(createAddressPolicy({ ports: [9000] }), "http://example.com:9000/", "93.184.216.34")).toBe("ok");
  expect(judge(createAddressPolicy({ ports: [9000] }), "http://example.com/", "93.184.216.34")).toBe("blocked_port");
});

test("an allowed network is open on any port, by any name, and no other is", () => {
  const policy = createAddressPolicy({ allow: ["10.0.0.0/8", "fd00::/8"] });

  expect(judge(policy, "http://10.9.8.7:3000/")).toBe("ok");
  expect(judge(policy, "http://[::ffff:10.9.8.7]/")).toBe("ok");
  expect(judge(policy, "http://[fd12::1]:9/")).toBe("ok");
  expect(judge(policy, "http://wiki.internal:3000/", "10.1.1.1")).toBe("ok");
  expect(judge(policy, "http://wiki.internal/", "10.1.1.1", "192.168.0.1")).toBe("blocked_address");
  expect(judge(policy, "http://wiki.internal/", "93.184.216.34")).toBe("blocked_address");
  expect(judge(policy, "http://11.0.0.1:3000/")).toBe("blocked_port");
  expect(judge(policy, "http://127.0.0.1/")).toBe("blocked_address");
  expect(judge(policy, "http://[64:ff9b::10.0.0.1]/")).toBe("blocked_address");
});

test("an allowed transition network opens no IPv4 address that is private on its own", () => {
  const policy = createAddressPolicy({ allow: ["64:ff9b::/96"] });

  expect(judge(policy, "http://[64:ff9b::93.184.216.34]/")).toBe("ok");
  expect(judge(policy, "http://[64:ff9b::10.0.0.1]/")).toBe("blocked_address");
});

test("an allowed host is open wherever it points, and only it", () => {
  const policy = createAddressPolicy({
    allow: ["Wiki.Corp", "*.lab.internal", "db.example:9200", "127.0.0.1:4000", "[::1]"],
  });

  expect(judge(policy, "http://wiki.corp:3000/", "10.0.0.1")).toBe("ok");
  expect(judge(policy, "http://wiki.corp./", "10.0.0.1")).toBe("ok");
  expect(judge(policy, "http://sub.wiki.corp/", "10.0.0.1")).toBe("blocked_address");
  expect(judge(policy, "http://a.b.lab.internal/", "10.0.0.1")).toBe("ok");
  expect(judge(policy, "http://lab.internal/", "10.0.0.1")).toBe("blocked_address");
  expect(judge(policy, "http://db.example:9200/", "10.0.0.1")).toBe("ok");
  expect(judge(policy, "http://db.example:9201/", "93.184.216.34")).toBe("blocked_port");
  expect(judge(policy, "http://127.0.0.1:4000/")).toBe("ok");
  expect(judge(policy, "http://127.0.0.1/")).toBe("blocked_address");
  expect(judge(policy, "http://[::1]:5555/")).toBe("ok");
});

test("allowing everything opens every address and port, and a list of ports still holds", () => {
  const open = createAddressPolicy({ allow: true });
  const web = createAddressPolicy({ allow: true, ports: [80] });

  expect(judge(open, "http://localhost:4321/", "127.0.0.1")).toBe("ok");
  expect(judge(open, "http://[::1]:1/")).toBe("ok");
  expect(judge(web, "http://localhost/", "127.0.0.1")).toBe("ok");
  expect(judge(web, "http://localhost:4321/", "127.0.0.1")).toBe("blocked_port");
});

test("a setting is read into what it allows", () => {
  expect(parseAllowedNetworks("true")).toEqual({ allow: true });
  expect(parseAllowedNetworks("")).toEqual({ allow: [] });
  expect(parseAllowedNetworks("false")).toEqual({ allow: [] });
  expect(parseAllowedNetworks(" 10.0.0.0/8 , wiki.corp:8080,[::1]:3000,::1,*.lab.internal ")).toEqual({
    allow: ["10.0.0.0/8", "wiki.corp:8080", "[::1]:3000", "::1", "*.lab.internal"],
  });
});

test.each([
  "10.0.0.0/33",
  "10.0.0/8",
  "10.0.0.0/",
  "10.0.0.0/8/8",
  "10.0.0.0/-1",
  "fd00::/129",
  "010.0.0.0/8",
  "0x7f.1",
  "10.1",
  "host:0",
  "host:65536",
  "user@host",
  "http://host",
  "a b",
  "*",
  "a.*.b",
  "host.example,,other",
  "ho?st",
])("the setting %s is refused with a fault that quotes it", (text) => {
  const read = parseAllowedNetworks(text);

  expect(read).toEqual({ fault: expect.stringContaining("is no network, address or host: write 10.0.0.0/8") });
  if (!text.includes(",")) expect(() => createAddressPolicy({ allow: [text] })).toThrow(AppError);
});

test("a refusal names the host, the address, its kind and the mend", () => {
  expect(() => strict.checkAddress(new URL("http://example.com/"), "10.0.0.1")).toThrow(
    "example.com is 10.0.0.1, which is a private address: add it to ALLOW_PRIVATE_NETWORKS if it may be fetched",
  );
});

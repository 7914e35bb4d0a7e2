import { describe, expect, test } from "bun:test";
import { canonicalizeUrl, hashUrl, hostOf, maxUrlLength, type QueryRule } from "../../src/crawl/url.ts";

const keep: QueryRule = { mode: "keep" };
const canonical = (url: string, base?: string) => canonicalizeUrl(url, base, keep);
const base = "https://example.com/docs/guide/intro?x=1";

describe("a URL has one spelling", () => {
  test.each([
    // Scheme, host, port
    ["HTTPS://Example.COM/Path", "https://example.com/Path"],
    ["https://example.com:443/", "https://example.com/"],
    ["http://example.com:80/", "http://example.com/"],
    ["http://example.com:443/", "http://example.com:443/"],
    ["https://example.com:8443/a", "https://example.com:8443/a"],
    ["https://example.com", "https://example.com/"],
    ["https://example.com./a", "https://example.com/a"],
    ["https://example.com.:8443/a", "https://example.com:8443/a"],
    ["https://bücher.example/", "https://xn--bcher-kva.example/"],
    ["https://www.example.com/", "https://www.example.com/"],
    ["http://[::1]:3000/a", "http://[::1]:3000/a"],
    ["http://[2001:DB8:0::1]/a?b#c", "http://[2001:db8::1]/a?b"],
    ["http://0x7f.1/", "http://127.0.0.1/"],
    ["  https://example.com/a\n ", "https://example.com/a"],
    ["https:\\\\example.com\\a", "https://example.com/a"],
    // Path
    ["https://example.com/a/./b/../c", "https://example.com/a/c"],
    ["https://example.com/a/%2e%2E/c", "https://example.com/c"],
    ["https://example.com/../../c", "https://example.com/c"],
    ["https://example.com/a/", "https://example.com/a/"],
    ["https://example.com/a", "https://example.com/a"],
    ["https://example.com//a//b", "https://example.com//a//b"],
    ["https://example.com/a b", "https://example.com/a%20b"],
    ["https://example.com/straße", "https://example.com/stra%C3%9Fe"],
    // Percent-encoding
    ["https://example.com/%7euser/%41%2dz%5F%2E%39", "https://example.com/~user/A-z_.9"],
    ["https://example.com/a%2fb%3ac", "https://example.com/a%2Fb%3Ac"],
    ["https://example.com/caf%c3%a9", "https://example.com/caf%C3%A9"],
    ["https://example.com/100%", "https://example.com/100%"],
    ["https://example.com/%zz%4", "https://example.com/%zz%4"],
    ["https://example.com/%2%35", "https://example.com/%2%35"],
    ["https://example.com/%%34%31", "https://example.com/%%341"],
    ["https://example.com/?q=%7e%2f", "https://example.com/?q=~%2F"],
    // Fragment
    ["https://example.com/a#part", "https://example.com/a"],
    ["https://example.com/a#!/route", "https://example.com/a"],
    ["https://example.com/a?#", "https://example.com/a"],
    ["https://example.com/a%23b#c", "https://example.com/a%23b"],
    // Query
    ["https://example.com/a?", "https://example.com/a"],
    ["https://example.com/a?&&", "https://example.com/a"],
    ["https://example.com/a?b=2&a=1", "https://example.com/a?a=1&b=2"],
    ["https://example.com/a?b=1&a=2&b=0", "https://example.com/a?a=2&b=1&b=0"],
    ["https://example.com/a?b&a=", "https://example.com/a?a=&b"],
    ["https://example.com/a?q=x+y", "https://example.com/a?q=x+y"],
    ["https://example.com/a?q=a?b/c", "https://example.com/a?q=a?b/c"],
    ["https://example.com/a?list[]=2&list[]=1", "https://example.com/a?list[]=2&list[]=1"],
    // Trackers
    ["https://example.com/a?utm_source=x&utm_medium=y&id=1", "https://example.com/a?id=1"],
    ["https://example.com/a?UTM_Campaign=x", "https://example.com/a"],
    ["https://example.com/a?utm%5Fsource=x", "https://example.com/a"],
    ["https://example.com/a?gclid=1&fbclid=2&msclkid=3&mc_eid=4&mc_cid=5&_hsenc=6&_ga=7", "https://example.com/a"],
    ["https://example.com/a?mtm_campaign=1&pk_kwd=2&hsa_acc=3&srsltid=4", "https://example.com/a"],
    ["https://example.com/a?ref=main&source=rss&lang=de&v=2", "https://example.com/a?lang=de&ref=main&source=rss&v=2"],
    ["https://example.com/a?utm=1&customutm_source=2", "https://example.com/a?customutm_source=2&utm=1"],
    // Sessions
    ["https://example.com/a?PHPSESSID=abc&id=1", "https://example.com/a?id=1"],
    ["https://example.com/a?jsessionid=1A", "https://example.com/a"],
    ["https://example.com/a?ASPSESSIONIDQSBQRQCD=XYZ", "https://example.com/a"],
    ["https://example.com/a?sid=d41d8cd98f00b204e9800998ecf8427e", "https://example.com/a"],
    ["https://example.com/a?sid=42", "https://example.com/a?sid=42"],
    ["https://example.com/a?sid=507f1f77bcf86cd799439011", "https://example.com/a?sid=507f1f77bcf86cd799439011"],
    ["https://example.com/a?session=keynote-2024", "https://example.com/a?session=keynote-2024"],
    ["https://example.com/a;jsessionid=1A2B?x=1", "https://example.com/a?x=1"],
    ["https://example.com/a;JSESSIONID=1A2B/b", "https://example.com/a/b"],
    ["https://example.com/a;v=1;jsessionid=2/b", "https://example.com/a;v=1/b"],
    ["https://example.com/(S(lit3py55t21z5v55vlm25s55))/page.aspx", "https://example.com/page.aspx"],
    ["https://example.com/(S(lit3py55t21z5v55vlm25s55))", "https://example.com/"],
    ["https://example.com/Function_(S(x))", "https://example.com/Function_(S(x))"],
  ])("%s is %s", (url, expected) => {
    expect(canonical(url)).toBe(expected);
    expect(canonical(expected)).toBe(expected);
  });

  test.each([
    ["../api", "https://example.com/docs/api"],
    ["?page=2", "https://example.com/docs/guide/intro?page=2"],
    ["#part", "https://example.com/docs/guide/intro?x=1"],
    ["", "https://example.com/docs/guide/intro?x=1"],
    ["//cdn.example.net/x", "https://cdn.example.net/x"],
    ["/", "https://example.com/"],
    ["http:other", "http://other/"],
  ])("the link %p of a page is %s", (link, expected) => {
    expect(canonical(link, base)).toBe(expected);
  });

  test.each([
    "",
    "not a url",
    "/relative",
    "mailto:a@example.com",
    "javascript:void(0)",
    "data:text/html,x",
    "ftp://example.com/",
    "file:///etc/passwd",
    "blob:https://example.com/1",
    "https://",
    "https://exa mple.com/",
    "https://example.com:99999/",
    "https://user@example.com/",
    "https://user:password@example.com/",
    "https://:password@example.com/",
    "https://./",
    `https://example.com/${"a".repeat(maxUrlLength)}`,
    `https://example.com/?q=${"a".repeat(maxUrlLength)}`,
    `https://example.com/${"é".repeat(500)}`,
    `https://example.com/#${"a".repeat(10_000)}`,
  ])("%p is no address to crawl", (url) => {
    expect(canonical(url)).toBeUndefined();
  });

  test("a URL of exactly the longest length is one, and what is cut away does not count", () => {
    const longest = `https://example.com/${"a".repeat(maxUrlLength - 20)}`;

    expect(canonical(longest)).toBe(longest);
    expect(canonical(`${longest}?utm_source=x#part`)).toBe(longest);
    expect(canonical(`${longest}b`)).toBeUndefined();
  });

  test("a parsed URL is taken as well, and an unusable base makes a relative link nothing", () => {
    expect(canonicalizeUrl(new URL("https://example.com/a?b=1#c"), undefined, keep)).toBe("https://example.com/a?b=1");
    expect(canonical("a", "no base")).toBeUndefined();
  });
});

describe("the query rule", () => {
  const url = "https://example.com/a?utm_source=x&page=2&sort=up&%70age=3&q=a+b";

  test("drop removes the query", () => {
    expect(canonicalizeUrl(url, undefined, { mode: "drop" })).toBe("https://example.com/a");
  });

  test("allow keeps the named parameters alone, by their exact name, trackers too", () => {
    const allow = (...names: string[]) => canonicalizeUrl(url, undefined, { mode: "allow", names });

    expect(allow("page")).toBe("https://example.com/a?page=2&page=3");
    expect(allow("Page")).toBe("https://example.com/a");
    expect(allow("utm_source", "q")).toBe("https://example.com/a?q=a+b&utm_source=x");
    expect(allow()).toBe("https://example.com/a");
  });
});

test("the canonical spelling of a canonical spelling is itself, whatever it was made from", () => {
  const alphabet = [
    "%",
    "2",
    "5",
    "e",
    "E",
    "/",
    ".",
    "?",
    "&",
    "=",
    ";",
    "#",
    "a",
    "é",
    " ",
    "%2f",
    "%41",
    "%25",
    "+",
  ];
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };

  for (let round = 0; round < 20_000; round++) {
    const tail = Array.from({ length: random(14) }, () => alphabet[random(alphabet.length)]).join("");
    const once = canonical(`https://example.com/${tail}`);

    expect(canonical(once ?? "")).toBe(once as string);
  }
});

test("a hash has the shape of a UUID and is the first half of the SHA-256", () => {
  const sha256 = new Bun.CryptoHasher("sha256").update("https://example.com/").digest("hex");

  const hash = hashUrl("https://example.com/");

  expect(hash).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  expect(hash.replaceAll("-", "")).toBe(sha256.slice(0, 32));
  expect(hashUrl("https://example.com/a")).not.toBe(hash);
});

test.each([
  ["https://example.com/a?b", "example.com"],
  ["http://example.com:8080/", "example.com:8080"],
  ["http://example.com:80/", "example.com"],
  ["http://[::1]:3000/", "[::1]:3000"],
])("the host of %s is %s", (url, host) => {
  expect(hostOf(url)).toBe(host);
});

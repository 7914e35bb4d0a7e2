import { describe, expect, test } from "bun:test";
import { createFilePaths, linkBetween, maxNameBytes, maxPathBytes } from "../../src/export/file-path.ts";

const site = "https://example.com";
const pathOf = (path: string, withHost = false) => createFilePaths({ withHost }).pathOf(site + path);

describe("a file's path mirrors the URL's", () => {
  test.each([
    ["", "index.md"],
    ["/", "index.md"],
    ["/index.html", "index.md"],
    ["/a", "a.md"],
    ["/a/", "a/index.md"],
    ["/a/b", "a/b.md"],
    ["/a/b/", "a/b/index.md"],
    ["/a/b.html", "a/b.md"],
    ["/a/b.HTM", "a/b.md"],
    ["/a/index.html", "a/index.md"],
    ["/a/b.md", "a/b.md"],
    ["/a/b.php", "a/b.php.md"],
    ["/v1.2/notes-1.0", "v1.2/notes-1.0.md"],
    ["/.html", "_html.md"],
    // Queries
    ["/a?page=2", "a_page=2.md"],
    ["/a/?b=1&c=2", "a/index_b=1&c=2.md"],
    ["/a.html?q=x%20y", "a_q=x y.md"],
    ["/a?", "a.md"],
    ["/a?u=https://x/y?z", "a_u=https___x_y_z.md"],
    // Escapes
    ["/caf%C3%A9/stra%C3%9Fe", "café/straße.md"],
    ["/cafe%CC%81", "café.md"],
    ["/%E4%B8%AD%E6%96%87/", "中文/index.md"],
    ["/a%20b", "a b.md"],
    ["/%FFa%41", "%FFaA.md"],
    ["/100%", "100%.md"],
    ["/%F0%9F%95%B7", "🕷.md"],
    // Nothing leads out of the folder, is hidden, or stands for a device
    ["/../../etc/passwd", "etc/passwd.md"],
    ["/%2e%2e/%2e%2e/etc/passwd", "etc/passwd.md"],
    ["/..%2f..%2fetc%2fpasswd", "_._.._etc_passwd.md"],
    ["/..%5c..%5cwindows", "_._.._windows.md"],
    ["/%5c%5cserver%5cshare", "__server_share.md"],
    ["/.../a", "_/a.md"],
    ["/%20/a%20.%20/b..", "_/a/b.md"],
    ["//a//b", "_/a/_/b.md"],
    ["/.git/hooks/post-commit", "_git/hooks/post-commit.md"],
    ["/.orbweaver.json/a", "_orbweaver.json/a.md"],
    ["/CON", "_CON.md"],
    ["/nul.tar.gz", "_nul.tar.gz.md"],
    ["/aux/com1/LPT9.x/b", "_aux/_com1/_LPT9.x/b.md"],
    ["/con%20.txt/x", "_con .txt/x.md"],
    ["/com%C2%B9", "_com¹.md"],
    ["/console/auxiliary", "console/auxiliary.md"],
    ["/a%00b%1f%7f%0a", "a_b___.md"],
    ["/a:b*c%3Fd%22e%3Cf%3Eg|h", "a_b_c_d_e_f_g_h.md"],
    ["/a%E2%80%AEtxt.exe", "a_txt.exe.md"],
    ["/%E2%80%A8", "_.md"],
    ["/%CD%BE", ";.md"],
    // A folder is never named like a file
    ["/a.md/b", "a.md_/b.md"],
    ["/a.MD/", "a.MD_/index.md"],
  ])("%s is %s", (path, expected) => {
    expect(pathOf(path)).toBe(expected);
  });

  test.each([
    ["https://Example.com/a", "example.com/a.md"],
    ["http://localhost:3000/", "localhost_3000/index.md"],
    ["http://[::1]:3000/a", "[__1]_3000/a.md"],
    ["https://xn--bcher-kva.example/", "xn--bcher-kva.example/index.md"],
    ["https://docs.md/a", "docs.md_/a.md"],
  ])("with hosts, %s is %s", (url, expected) => {
    expect(createFilePaths({ withHost: true }).pathOf(url)).toBe(expected);
  });
});

describe("URLs that would share a file get one each", () => {
  test.each([
    [["/a", "/a.html"]],
    [["/", "/index.html", "/index"]],
    [["/Guide", "/guide", "/GUIDE"]],
    [["/stra%C3%9Fe", "/STRASSE"]],
    [["/caf%C3%A9", "/cafe%CC%81"]],
    [["/%CE%B1%CF%82", "/%CE%B1%CF%83"]],
    [["/x?y", "/x_y"]],
    [["/A/b", "/a/B"]],
    [["/a:b", "/a*b"]],
  ])("%p", (paths) => {
    const files = createFilePaths({ withHost: false });

    const made = paths.map((path) => files.pathOf(site + path));

    expect(made[0]).toBe(pathOf(paths[0]!));
    for (const later of made.slice(1)) expect(later).toMatch(/-[0-9a-f]{8}\.md$/);
    expect(new Set(made.map((path) => path.normalize("NFKC").toLowerCase())).size).toBe(paths.length);
  });

  test("the first keeps the plain name, a later one has a part of its URL's hash, and both stay", () => {
    const files = createFilePaths({ withHost: false });
    const hash = new Bun.CryptoHasher("sha256").update(`${site}/a.html`).digest("hex");

    expect(files.pathOf(`${site}/a`)).toBe("a.md");
    expect(files.pathOf(`${site}/a.html`)).toBe(`a-${hash.slice(0, 8)}.md`);
    expect(files.pathOf(`${site}/a`)).toBe("a.md");
    expect(files.pathOf(`${site}/a.html`)).toBe(`a-${hash.slice(0, 8)}.md`);
  });

  test("a URL whose plain name is another's hashed one takes a hash too", () => {
    const files = createFilePaths({ withHost: false });
    const hash = new Bun.CryptoHasher("sha256").update(`${site}/a.html`).digest("hex").slice(0, 8);

    const made = ["/a", `/a-${hash}`, "/a.html"].map((path) => files.pathOf(site + path));

    expect(made[1]).toBe(`a-${hash}.md`);
    expect(made[2]).toMatch(/^a-[0-9a-f]{16}\.md$/);
  });

  test("a place that something else has is left to it", () => {
    const files = createFilePaths({ withHost: false, isTaken: (path) => path === "a.md" });

    expect(files.pathOf(`${site}/a`)).toMatch(/^a-[0-9a-f]{8}\.md$/);
  });
});

describe("length", () => {
  test("a long name is cut between characters and told apart by a hash", () => {
    const files = createFilePaths({ withHost: false });
    const names = ["x", "y"].map((end) => files.pathOf(`${site}/${"é🕷".repeat(100)}${end}`));

    for (const name of names) expect(name).toMatch(/^(?:é🕷)+é?-[0-9a-f]{8}\.md$/);
    for (const name of names) expect(Buffer.byteLength(name)).toBeWithin(maxNameBytes - 4, maxNameBytes + 1);
    expect(names[0]).not.toBe(names[1]!);
  });

  test("pages below one long folder share it", () => {
    const files = createFilePaths({ withHost: false });
    const [a, b] = ["a", "b"].map((name) => files.pathOf(`${site}/${"f".repeat(300)}/${name}`).split("/"));

    expect(b?.[0]).toBe(a?.[0]);
    expect(a?.[0]).toHaveLength(maxNameBytes);
  });

  test("a long query is cut and told apart by its hash", () => {
    const files = createFilePaths({ withHost: false });
    const [a, b] = ["1", "2"].map((end) => files.pathOf(`${site}/a?q=${"x".repeat(200)}${end}`));

    expect(a).toMatch(/^a_q=x{69}-[0-9a-f]{8}\.md$/);
    expect(b).not.toBe(a!);
  });

  test("a path of too many folders loses the inner ones", () => {
    const path = createFilePaths({ withHost: false }).pathOf(`${site}/${"a/".repeat(900)}page`);

    expect(path).toMatch(/^(?:a\/){256}page-[0-9a-f]{16}\.md$/);
  });
});

test("any URLs whatever get paths that are safe, short, and each its own", () => {
  const random = seededRandom(7);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const pieces = [
    ...'abAB.-_~ :*?"<>|\\%/é߀中🕷\0\u0001\u001f\u007f\u0085\u200b\u202e\u2028\ufeff\ufffe',
    ...["..", "/", "//", "%2e", "%2f", "%5c", "%00", "%ff", "%c3", "%c3%a9", "e\u0301", "ſ", "K", ".md", ".html"],
    ...["CON", "nul", "com1", "index", "?", "&", "=", "#", "x".repeat(90), "é".repeat(90), "\ud800", "."],
  ];

  for (let round = 0; round < 40; round++) {
    const withHost = round % 2 === 0;
    const files = createFilePaths({ withHost });
    const urls = new Set<string>();
    while (urls.size < 150) {
      const text = Array.from({ length: 1 + Math.floor(random() * 12) }, () => pick(pieces)).join("");
      urls.add(new URL(`${pick([site, "http://a.md:81", "http://[::1]"])}/${text}`).href);
    }

    const paths = [...urls].map((url) => files.pathOf(url));

    const seen = new Set<string>();
    const folders = new Set<string>();
    for (const path of paths) {
      const key = path.normalize("NFD").toLowerCase();
      expect(seen.has(key)).toBe(false);
      seen.add(key);
      expect(Buffer.byteLength(path)).toBeLessThanOrEqual(maxPathBytes);
      expect(path.isWellFormed()).toBe(true);
      expect(path).toBe(path.normalize("NFC"));
      const names = path.split("/");
      for (const name of names) {
        if (!isSafeName(name)) throw new Error(`${JSON.stringify(name)} in ${JSON.stringify(path)} is not safe`);
      }
      expect(names.at(-1)).toEndWith(".md");
      for (let depth = 1; depth < names.length; depth++) {
        folders.add(names.slice(0, depth).join("/").normalize("NFD").toLowerCase());
      }
      if (withHost) expect(names.length).toBeGreaterThan(1);
    }
    for (const folder of folders) expect(seen.has(folder)).toBe(false);
    expect([...urls].map((url) => files.pathOf(url))).toEqual(paths);
  }
});

describe("a link between files", () => {
  test.each([
    ["index.md", "a.md", "a.md"],
    ["a.md", "a.md", "a.md"],
    ["a/b/c.md", "a/d.md", "../d.md"],
    ["a/b/c.md", "index.md", "../../index.md"],
    ["a/b.md", "c/d/e.md", "../c/d/e.md"],
    ["a.md", "a/index.md", "a/index.md"],
    ["a/b.md", "a/b/c.md", "b/c.md"],
    ["x.md", "a b(c)*&%41#?;'.md", "a%20b%28c%29%2A%26%2541%23%3F%3B%27.md"],
    ["x.md", "café/中文_q=1.md", "café/中文_q=1.md"],
    ["x.md", "🕷[1].md", "%F0%9F%95%B7%5B1%5D.md"],
  ])("from %s to %s is %s", (from, to, expected) => {
    const link = linkBetween(from, to);

    expect(link).toBe(expected);
    expect(decodeURIComponent(new URL(link, `file:///${from}`).pathname)).toBe(`/${to}`);
  });
});

function isSafeName(name: string): boolean {
  if (name === "" || Buffer.byteLength(name) > maxNameBytes) return false;
  if (/[\\:*?"<>|\p{Cc}\p{Cf}\p{Cs}]/u.test(name) || /^\.|[. ]$/.test(name)) return false;
  const base = name.split(".")[0]?.trimEnd().toLowerCase() ?? "";
  return !/^(con|prn|aux|nul|com\d|lpt\d)$/.test(base);
}

/** Mulberry32: the same numbers in each run. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

import { expect, test } from "bun:test";
import { lines, readFile } from "./documents.ts";

const rss = `<?xml version="1.0"?>
<rss version="2.0" xmlns:content="c" xmlns:dc="d" xmlns:atom="a"><channel>
<title>The Web &amp;amp; its Weavers</title><link>https://a.example/</link><description>On silk.</description>
<language>en-gb</language><lastBuildDate>Mon, 06 May 2024 10:00:00 GMT</lastBuildDate>
<atom:link rel="next" href="/feed?page=2"/>
<item><title>First thread</title><link>https://a.example/first</link><dc:creator>Ada</dc:creator>
<pubDate>Sun, 05 May 2024 08:00:00 +0000</pubDate><description>Short.</description>
<content:encoded><![CDATA[<h2>Why</h2><p>It <b>holds</b>. <a href="more">More</a>]]></content:encoded></item>
<item><title>Second</title><guid>https://a.example/second</guid><description>&lt;p&gt;Plain &amp;amp; simple</description>
<enclosure url="https://a.example/talk.mp3" type="audio/mpeg"/></item>
</channel></rss>`;

const rssMarkdown = lines(
  "# The Web & its Weavers",
  "",
  "On silk.",
  "",
  "## [First thread](https://a.example/first)",
  "",
  "2024-05-05 · Ada",
  "",
  "#### Why",
  "",
  "It **holds**. [More](https://a.example/more)",
  "",
  "## [Second](https://a.example/second)",
  "",
  "Plain & simple",
  "",
  "[talk.mp3](https://a.example/talk.mp3)",
);

test.each(["application/rss+xml", "text/xml", "text/html", null])(
  "RSS sent as %p is a listing",
  async (contentType) => {
    const document = await readFile("feed", rss, contentType);

    expect(document).toMatchObject({
      kind: "feed",
      contentType: "application/rss+xml",
      title: "The Web & its Weavers",
      description: "On silk.",
      language: "en-gb",
    });
    expect(document.modifiedAt).toStartWith("2024-05-06T10:00:00");
    expect(document.markdown).toBe(rssMarkdown);
    expect(document.headings.map(({ level, text }) => [level, text])).toEqual([
      [1, "The Web & its Weavers"],
      [2, "First thread"],
      [4, "Why"],
      [2, "Second"],
    ]);
  },
);

test("a feed's links are its items', those in them, its next page and its site", async () => {
  const { links } = await readFile("feed", rss);

  expect(links.map(({ url, rel }) => (rel ? `${url} ${rel}` : url))).toEqual([
    "https://a.example/feed?page=2 next",
    "https://a.example/first",
    "https://a.example/more",
    "https://a.example/second",
    "https://a.example/talk.mp3",
    "https://a.example/",
  ]);
});

test("a listing may be had without its links", async () => {
  const { markdown, links } = await readFile("feed", rss, null, { links: false });

  expect(markdown).toContain(lines("## First thread", "", "2024-05-05 · Ada"));
  expect(markdown).not.toContain("https:");
  expect(links).toHaveLength(6);
});

test("RSS 1.0 has its items beside the channel", async () => {
  const rdf = `<rdf:RDF xmlns:rdf="r" xmlns="http://purl.org/rss/1.0/"><channel><title>Old</title></channel>
    <item rdf:about="https://a.example/1"><title>One</title><link>https://a.example/1</link></item></rdf:RDF>`;

  const { markdown } = await readFile("old.rdf", rdf, "application/xml");

  expect(markdown).toBe(lines("# Old", "", "## [One](https://a.example/1)"));
});

test("Atom says what is text, HTML and XHTML", async () => {
  const atom = `<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title type="text">A &lt;b&gt; tag</title>
    <entry><title type="html">&lt;i&gt;One&lt;/i&gt;</title><link rel="alternate" href="/one"/><author><name>Ada</name></author>
    <updated>2024-05-05T08:00:00Z</updated>
    <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Text in <em>order</em> here.</p></div></content></entry>
    <entry><title>Two</title><link href="/two"/><summary>1 &lt; 2</summary></entry></feed>`;

  const { markdown, language, title } = await readFile("atom", atom, "application/atom+xml");

  expect({ language, title }).toEqual({ language: "de", title: "A <b> tag" });
  expect(markdown).toContain(
    lines("## [One](https://a.example/one)", "", "2024-05-05 · Ada", "", "Text in *order* here."),
  );
  expect(markdown).toEndWith(lines("## [Two](https://a.example/two)", "", "1 < 2"));
});

test("a JSON feed is a listing, and other JSON is not", async () => {
  const feed = {
    version: "https://jsonfeed.org/version/1.1",
    title: "Notes",
    items: [{ id: "1", url: "https://a.example/1", content_html: "<p>Hello", date_published: "2024-05-05T08:00:00Z" }],
  };

  const { kind, markdown } = await readFile("feed.json", JSON.stringify(feed), "application/json");
  const other = await readFile("feed.json", '{"version": "1"}', "application/feed+json");

  expect(kind).toBe("feed");
  expect(markdown).toBe(lines("# Notes", "", "## [2024-05-05](https://a.example/1)", "", "2024-05-05", "", "Hello"));
  expect(other.kind).toBe("json");
});

test.each([
  [
    "entities that stand for more and more",
    `<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]><rss><channel><title>&b;&c;</title></channel></rss>`,
  ],
  ["elements in elements", `<rss><channel>${"<a>".repeat(100_000)}${"</b>".repeat(100_000)}`],
  ["a hundred thousand items", `<rss><channel>${"<item><title>x</title></item>".repeat(100_000)}</channel></rss>`],
  ["a section without end", `<rss><channel><title><![CDATA[${"]".repeat(500_000)}`],
])("%s are read in bounded time and not expanded", async (_, xml) => {
  const start = performance.now();

  const { markdown } = await readFile("feed", xml, "application/rss+xml");

  expect(performance.now() - start).toBeLessThan(5_000);
  expect(markdown).not.toContain("haha");
  expect(markdown).not.toContain("root:");
});

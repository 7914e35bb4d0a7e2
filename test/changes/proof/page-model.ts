/** A block of a page's main content. */
export type Block =
  | { kind: "paragraph"; text: string }
  | { kind: "heading"; text: string }
  | { kind: "list"; items: string[] }
  | { kind: "table"; rows: string[][] }
  | { kind: "code"; text: string };

/** A page as its editors see it, before the site dresses it. */
export type PageModel = {
  title: string;
  blocks: Block[] /** What the site adds to it in each visit. */;
  noise: Noise[];
};

export type Noise = "clock" | "views" | "banner" | "csrf" | "related" | "images" | "ago";

const WORDS =
  "harbour window morning teacher garden copper letter winter market signal bridge candle river paper engine meadow silver anchor basket corner island orchard pepper quarry ribbon saddle timber valley walnut yellow autumn barrel cotton dinner forest gravel hammer inland jacket kettle ladder".split(
    " ",
  );

/** Sentences that are the same for the same name, and like no other's. */
export function prose(name: string, sentences = 3): string {
  let state = Bun.hash.xxHash32(name);
  const next = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const word = () => WORDS[next(WORDS.length)];
  return Array.from({ length: sentences }, () => {
    const words = Array.from({ length: 9 + next(8) }, word).join(" ");
    return `The ${name} has ${words}.`;
  }).join(" ");
}

export const paragraph = (text: string): Block => ({ kind: "paragraph", text });

/** An article of five paragraphs under two headings. */
export function article(name: string, noise: Noise[] = []): PageModel {
  const part = (n: number) => paragraph(prose(`${name} ${n}`));
  const heading = (text: string): Block => ({ kind: "heading", text });
  const blocks = [part(1), part(2), heading(`More of ${name}`), part(3), part(4), heading("In the end"), part(5)];
  return { title: `About ${name}`, blocks, noise };
}

/** A manual's page: prose, a table, a list and code. */
export function manual(name: string, noise: Noise[] = []): PageModel {
  const base = article(name, noise);
  const rows = [
    ["Option", "Default", "Meaning"],
    ...["alpha", "beta", "gamma"].map((of) => [of, "off", `Turns ${of} of ${name} on`]),
  ];
  const items = ["first", "second", "third", "fourth"].map((nth) => `The ${nth} step of ${name} takes a moment`);
  const code = `install ${name}\nrun ${name} --alpha\ncheck ${name}`;
  return {
    ...base,
    blocks: [...base.blocks, { kind: "table", rows }, { kind: "list", items }, { kind: "code", text: code }],
  };
}

const encode = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

function toHtml(block: Block): string {
  switch (block.kind) {
    case "paragraph":
      return `<p>${encode(block.text)}</p>`;
    case "heading":
      return `<h2>${encode(block.text)}</h2>`;
    case "list":
      return `<ul>${block.items.map((item) => `<li>${encode(item)}</li>`).join("")}</ul>`;
    case "table":
      return `<table>${block.rows.map((row, at) => `<tr>${row.map((cell) => (at === 0 ? `<th>${cell}</th>` : `<td>${cell}</td>`)).join("")}</tr>`).join("")}</table>`;
    case "code":
      return `<pre><code>${encode(block.text)}</code></pre>`;
  }
}

/** The page as the site sends it in a visit, with the links of its navigation. */
export function renderPage(page: PageModel, visit: number, links: readonly string[]): string {
  const has = (noise: Noise) => page.noise.includes(noise);
  const token = new Bun.CryptoHasher("md5").update(`token ${visit}`).digest("hex");
  const shuffled = ["Harbours", "Markets", "Bridges", "Gardens", "Rivers"].sort((a, b) =>
    Number(Bun.hash(`${a} ${visit}`) - Bun.hash(`${b} ${visit}`)),
  );
  return `<!doctype html><html lang="en"><head><title>${encode(page.title)}</title><meta charset="utf-8"></head><body>
<header><a href="/">Scripted site</a>${has("clock") ? `<span class="clock">It is ${visit % 24}:${10 + (visit % 50)}</span>` : ""}</header>
<nav><ul>${links.map((link) => `<li><a href="${link}">${link}</a></li>`).join("")}</ul></nav>
${has("banner") ? `<div class="ad banner" id="ad-${token}"><a href="/ads/${token}">Buy ${WORDS[visit % WORDS.length]} now, today only</a></div>` : ""}
<main><article><h1>${encode(page.title)}</h1>
${has("views") ? `<p class="views">${(1_000 + visit * 37).toLocaleString("en-US")} views</p>` : ""}
${has("ago") ? `<p class="updated">Updated ${visit + 2} minutes ago</p>` : ""}
${has("images") ? `<p><img src="/plan.png?v=${token}" alt="A plan"> <a href="/about?sessionid=${token}">About us</a></p>` : ""}
${page.blocks.map(toHtml).join("\n")}
</article></main>
${has("related") ? `<aside class="related"><h3>Related</h3><ul>${shuffled.map((name) => `<li><a href="/">${name}</a></li>`).join("")}</ul></aside>` : ""}
${has("csrf") ? `<form action="/comment" method="post"><input type="hidden" name="csrf" value="${token}"><textarea name="text"></textarea><button>Send</button></form>` : ""}
<footer>Scripted site, page ${visit}</footer></body></html>`;
}

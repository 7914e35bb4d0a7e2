import { block, NOUNS, pick, QUALITIES, seededRandom, sentence, VERBS } from "./prose.ts";

export type SiteShape = { pages: number; seed: number; minBytes: number; maxBytes: number };

const PAGES_A_SECTION = 40;
const encoder = new TextEncoder();

/** The same pages for the same shape, each made when it is asked for out of blocks that were encoded once. */
export function createTemplate({ pages, seed, minBytes, maxBytes }: SiteShape) {
  const random = seededRandom(seed);
  const blocks = Array.from({ length: 600 }, () => encoder.encode(block(random)));
  const sentences = Array.from({ length: 200 }, () => sentence(random));
  const banner = encoder.encode(bannerHtml(pages, seed));
  const footer = encoder.encode(footerHtml(sentences.slice(0, 3)));
  const sidebars = new Map<number, Uint8Array>();
  let scratch = new Uint8Array(maxBytes + 65_536);

  function sidebarOf(n: number): Uint8Array {
    const first = n - (n % PAGES_A_SECTION);
    let sidebar = sidebars.get(first);
    if (!sidebar) {
      const members = Array.from({ length: Math.min(PAGES_A_SECTION, pages - first) }, (_, i) => first + i);
      sidebar = encoder.encode(
        `<aside class="sidebar" role="complementary"><h2>${pageTitle(first, seed)}</h2>\n<ul>\n${members
          .map((member) => `<li class="toctree-l1">${anchor(member, seed)}</li>`)
          .join("\n")}\n</ul></aside>\n`,
      );
      // A section's pages are asked for together; what is made again is cheap, what is kept for ever is not.
      if (sidebars.size >= 256) sidebars.clear();
      sidebars.set(first, sidebar);
    }
    return sidebar;
  }

  function bytesOf(n: number, revision: number): Uint8Array<ArrayBuffer> {
    const random = seededRandom(seed * 31 + n);
    const target = minBytes + Math.floor(random() ** 1.6 * (maxBytes - minBytes));
    let at = 0;
    const put = (part: Uint8Array | string) => {
      if (at + part.length * 3 > scratch.length) {
        const larger = new Uint8Array(scratch.length * 2 + part.length * 3);
        larger.set(scratch);
        scratch = larger;
      }
      if (typeof part === "string") at += encoder.encodeInto(part, scratch.subarray(at)).written;
      else {
        scratch.set(part, at);
        at += part.length;
      }
    };

    const title = pageTitle(n, seed);
    put(headHtml(n, seed, title, pick(sentences, random)));
    put(banner);
    put(breadcrumbHtml(n, seed));
    put(sidebarOf(n));
    put(`<main id="content" role="main"><article>\n<h1>${title}</h1>\n`);
    put(`<p class="lead">Revision ${revision} of page ${n}. ${pick(sentences, random)}</p>\n`);
    const links = articleLinks(n, pages, random);
    // The rest of the page is known in size before it is written, so that the body can fill what is left.
    const tail = 1_000 + footer.length + links.length * 130;
    for (let part = 0; at + tail < target; part++) {
      if (part % 6 === 0) put(headingHtml(part / 6, n, random));
      const next = blocks[Math.floor(random() * blocks.length)];
      if (!next || at + tail + next.length > maxBytes) break;
      put(next);
      const linked = part % 4 === 3 ? links.splice(0, 3) : [];
      if (linked.length > 0) put(`<p>See also ${linked.map((to) => anchor(to, seed, "#options")).join(", ")}.</p>\n`);
    }
    if (links.length > 0) {
      put(`<h2 id="related">Related</h2>\n<ul>\n`);
      put(links.map((to) => `<li>${anchor(to, seed)}</li>`).join("\n"));
      put("\n</ul>\n");
    }
    put("</article>\n");
    put(
      `<nav class="pager">${anchor(Math.max(0, n - 1), seed)} ${anchor(Math.min(pages - 1, n + 1), seed)}</nav></main>\n`,
    );
    put(footer);
    return scratch.slice(0, at);
  }

  return {
    bytesOf,
    pathOf: (n: number) => pagePath(n, seed),
    /** The page a path stands for; `undefined` when the site has none there. */
    find(path: string): number | undefined {
      if (path === "/") return 0;
      const digits = /-(\d{1,9})(?:\/|\.html)$/.exec(path)?.[1];
      if (digits === undefined) return undefined;
      const n = Number(digits);
      return n < pages && pagePath(n, seed) === path ? n : undefined;
    },
  };
}

function pageTitle(n: number, seed: number): string {
  const random = seededRandom(seed ^ Math.imul(n + 1, 0x9e3779b1));
  return `${pick(VERBS, random)} ${pick(QUALITIES, random)} ${pick(NOUNS, random)}`;
}

function pagePath(n: number, seed: number): string {
  if (n === 0) return "/";
  const first = n - (n % PAGES_A_SECTION);
  const section = first === 0 ? "/docs/start/" : `/docs/${slug(pageTitle(first, seed))}-${first}/`;
  return n === first ? section : `${section}${slug(pageTitle(n, seed))}-${n}.html`;
}

function slug(title: string): string {
  return title.toLowerCase().replaceAll(" ", "-");
}

function anchor(n: number, seed: number, fragment = ""): string {
  return `<a class="reference internal" href="${pagePath(n, seed)}${fragment}">${pageTitle(n, seed)}</a>`;
}

/** The page's children in an eightfold tree, which make every page reachable, and a few pages by chance. */
function articleLinks(n: number, pages: number, random: () => number): number[] {
  const children = Array.from({ length: 8 }, (_, i) => n * 8 + 1 + i).filter((child) => child < pages);
  const others = Array.from({ length: 8 + Math.floor(random() * 24) }, () => Math.floor(random() * pages));
  return [...new Set([...children, ...others])].filter((to) => to !== n);
}

function headHtml(n: number, seed: number, title: string, description: string): string {
  const path = pagePath(n, seed);
  const day = String(1 + (n % 28)).padStart(2, "0");
  const linkedData = {
    "@context": "https://schema.org",
    "@type": "TechArticle",
    headline: title,
    datePublished: `2025-03-${day}`,
  };
  return `<!doctype html>
<html lang="en" class="no-js">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Storage handbook</title>
<meta name="description" content="${description}">
<meta name="author" content="The handbook's authors">
<link rel="canonical" href="${path}">
<meta property="og:title" content="${title}">
<meta property="og:type" content="article">
<meta property="og:site_name" content="Storage handbook">
<meta property="og:image" content="/images/card-${n % 7}.png">
<meta property="article:published_time" content="2025-03-${day}T08:00:00Z">
<link rel="stylesheet" href="/assets/site.css">
<link rel="icon" href="/favicon.ico">
<script type="application/ld+json">${JSON.stringify(linkedData)}</script>
<style>.no-js .menu{display:block}.admonition{border-left:4px solid #888;padding:.5rem 1rem}</style>
<script>document.documentElement.classList.remove("no-js");window.config={page:${n},search:true};</script>
</head>
`;
}

function bannerHtml(pages: number, seed: number): string {
  const sections = Array.from({ length: 12 }, (_, i) => i * PAGES_A_SECTION).filter((first) => first < pages);
  return `<body>
<a class="skip-link" href="#content">Skip to content</a>
<header class="site-header"><div class="logo">${anchor(0, seed)}</div>
<form role="search" action="/search"><input type="search" name="q" placeholder="Search the handbook"><button>Search</button></form>
<nav class="menu" aria-label="Main"><ul>
${sections.map((first) => `<li><a href="${pagePath(first, seed)}">${pageTitle(first, seed)}</a></li>`).join("\n")}
</ul></nav></header>
`;
}

function breadcrumbHtml(n: number, seed: number): string {
  const first = n - (n % PAGES_A_SECTION);
  return `<nav class="breadcrumbs" aria-label="Breadcrumb"><ol><li><a href="/">Home</a></li><li>${anchor(first, seed)}</li><li aria-current="page">${pageTitle(n, seed)}</li></ol></nav>\n`;
}

function headingHtml(index: number, n: number, random: () => number): string {
  const text = `${pick(VERBS, random)} the ${pick(NOUNS, random)}`;
  const level = index % 3 === 2 ? 3 : 2;
  const id = `${slug(text)}-${n}-${index}`;
  return `<h${level} id="${id}">${text}<a class="headerlink" href="#${id}" title="Link to this heading">¶</a></h${level}>\n`;
}

function footerHtml(sentences: string[]): string {
  return `<footer class="site-footer"><p>${sentences.join(" ")}</p>
<ul><li><a href="https://status.example.org/" rel="noopener">Status</a></li>
<li><a href="https://example.org/imprint" rel="nofollow">Imprint</a></li>
<li><a href="mailto:docs@example.org">Write to us</a></li></ul>
<p>© 2025 The handbook's authors.</p></footer>
<script src="/assets/site.js" defer></script>
</body>
</html>
`;
}

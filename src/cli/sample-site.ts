import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Fetch } from "../fetch/fetch.ts";
import { createFolderFetch } from "../fetch/folder.ts";

/** Of a name that no website can have (RFC 2606 §2). */
export const SAMPLE_URL = "https://sample.example/";

const PAGES: Record<string, { title: string; body: string }> = {
  "index.html": {
    title: "Sample website",
    body: `<p>A small website to try things out with, made by <code>orbweaver db seed</code>. It lives in the
      database alone: nothing was fetched from the network.</p>
      <ul><li><a href="/guide/">A guide with headings, code and a table</a></li>
      <li><a href="/news/orb-webs.html">An article</a></li></ul>`,
  },
  "guide/index.html": {
    title: "Guide",
    body: `<p>What a crawl keeps of a page.</p>
      <h2 id="start">Start</h2><p>One command crawls a website into a folder of Markdown files:</p>
      <pre><code class="language-sh">orbweaver crawl https://docs.example.org --out ./docs</code></pre>
      <h2 id="formats">Formats</h2>
      <table><thead><tr><th>Format</th><th>For</th></tr></thead>
      <tbody><tr><td>Markdown</td><td>reading, by people and models</td></tr>
      <tr><td>HTML</td><td>what the server sent</td></tr></tbody></table>
      <p><a href="/guide/politeness.html">Next: politeness</a></p>`,
  },
  "guide/politeness.html": {
    title: "Politeness",
    body: `<p>A crawler is a guest. It reads <code>robots.txt</code>, waits between requests, and goes slower when a
      server is under strain.</p><blockquote><p>Take nothing but pages, leave nothing but log lines.</p></blockquote>
      <p><a href="/guide/">Back to the guide</a></p>`,
  },
  "news/orb-webs.html": {
    title: "How orb webs are built",
    body: `<p>An orb weaver first spans a <strong>bridge thread</strong>, which it lets the wind carry. From the middle
      of it hang the first radii; a sticky spiral comes last.</p><ol><li>Bridge</li><li>Frame and radii</li>
      <li>Auxiliary spiral</li><li>Capture spiral</li></ol><p><a href="/">Home</a></p>`,
  },
};

/** The sample website as something to fetch from; it is gone after `dispose`. */
export async function openSampleSite(): Promise<{ fetch: Fetch; dispose(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "orbweaver-sample-"));
  for (const [name, { title, body }] of Object.entries(PAGES)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await Bun.write(join(folder, name), toHtml(title, body));
  }
  return {
    fetch: await createFolderFetch(folder, SAMPLE_URL),
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
}

function toHtml(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>
<body><nav><a href="/">Home</a> <a href="/guide/">Guide</a></nav><main><article><h1>${title}</h1>${body}</article></main></body></html>
`;
}

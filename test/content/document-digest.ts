import { toDocument } from "../../src/content/to-document.ts";
import { hostilePages } from "./hostile-pages.ts";
import { article, documentation, forum, listing } from "./pages.ts";

declare const self: Worker;

const dated = `<html><head><title>Dates and numbers | Örb</title><meta name=date content="March 3, 2021 23:30">
<script type="application/ld+json">{"@type":"Product","name":"İstanbul ışık","datePublished":"2021-03-28T02:30:00"}</script></head>
<body><main><h1>Straße, İSTANBUL, ǅ and ß</h1><p>Published on 28 March 2021 at 2:30 am by Ada Ïöt. Modified 01/02/2021, costs 1.234,56 €.</p>
<ol start=10><li>zebra<li>äpfel<li>Zoo</ol><table><tr><th>a<th>b<tr><td>1<td>2</table></main></body></html>`;

/** Pages of every kind, with what differs between machines: dates, letters whose case depends on a language, order. */
export const samplePages: Record<string, string> = {
  article,
  documentation,
  forum,
  listing,
  dated,
  ...Object.fromEntries(Object.entries(hostilePages).map(([name, make]) => [name, make(60)])),
};

/** The whole document of each page, all that it says included, in one text each. */
export function digestPages(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const body = new TextEncoder().encode(samplePages[name]);
      const options = { url: "https://a.example/b/c?d=e", body, contentType: "text/html", explain: true };
      const documents = (["main", "page"] as const).map((content) => toDocument({ ...options, content }));
      return [name, JSON.stringify(documents, (_, value) => (typeof value === "bigint" ? String(value) : value))];
    }),
  );
}

// As a thread, or as a process of its own.
if (!Bun.isMainThread)
  self.onmessage = ({ data }: MessageEvent<string[]>) => {
    self.postMessage(digestPages(data));
  };
else if (import.meta.main) console.log(JSON.stringify(digestPages(process.argv.slice(2))));

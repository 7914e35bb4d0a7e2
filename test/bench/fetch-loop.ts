import { createTemplate } from "../site/template.ts";

// The least a crawler can do: get every body, look at none.
const [origin, pages, minBytes, maxBytes, concurrency] = process.argv.slice(2) as [string, ...string[]];
const template = createTemplate({
  pages: Number(pages),
  seed: 1,
  minBytes: Number(minBytes),
  maxBytes: Number(maxBytes),
});
let next = 0;
let bytes = 0;

async function work(): Promise<void> {
  while (next < Number(pages)) {
    const response = await fetch(origin + template.pathOf(next++));
    if (!response.ok) throw new Error(`${response.url} answered ${response.status}`);
    bytes += (await response.arrayBuffer()).byteLength;
  }
}

await Promise.all(Array.from({ length: Number(concurrency) }, work));
console.log(JSON.stringify({ pages: next, bytes }));

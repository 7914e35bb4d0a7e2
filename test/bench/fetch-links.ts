// Listing URLs alone: get every page, find its links, follow those not seen yet.
const [origin, concurrency] = process.argv.slice(2) as [string, string];
const seen = new Set([`${origin}/`]);
const queue = [`${origin}/`];
let bytes = 0;
let at = 0;
let open = 0;

async function visit(url: string): Promise<void> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const html = await response.text();
  bytes += html.length;
  for (const [, href] of html.matchAll(/<a\s[^>]*?href="([^"]*)"/g)) {
    const found = URL.parse(href ?? "", url);
    if (found?.origin !== origin) continue;
    found.hash = "";
    if (seen.has(found.href)) continue;
    seen.add(found.href);
    queue.push(found.href);
  }
}

await new Promise<void>((resolve, reject) => {
  const fill = () => {
    while (open < Number(concurrency)) {
      const url = queue[at++];
      if (url === undefined) {
        at--;
        break;
      }
      open++;
      visit(url)
        .then(() => open--)
        .then(fill, reject);
    }
    if (open === 0) resolve();
  };
  fill();
});
console.log(JSON.stringify({ pages: at, bytes }));

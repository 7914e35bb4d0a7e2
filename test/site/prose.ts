/** Numbers in [0, 1) that are the same on every machine for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)] as T;
}

export const VERBS = ["Configure", "Inspect", "Deploy", "Tune", "Restore", "Observe", "Migrate", "Secure", "Batch"];
export const QUALITIES = ["durable", "shared", "nightly", "remote", "partial", "signed", "regional", "idle", "typed"];
export const NOUNS = [
  "queues",
  "leases",
  "snapshots",
  "indexes",
  "replicas",
  "schedules",
  "volumes",
  "tokens",
  "streams",
  "gateways",
  "quotas",
];

const WORDS =
  "a the this each every when while until after before request response record writer reader batch window cursor " +
  "segment shard cluster node store value key field schema column row page commit rollback retry deadline budget " +
  "latency throughput bound limit header stream socket thread worker signal buffer cache entry owner policy rule " +
  "holds keeps sends drops reads writes moves waits returns checks stores splits merges opens closes counts expects " +
  "quickly slowly rarely always once twice again later first last nearly exactly safely only naïve façade café";
const LEXICON = WORDS.split(" ");

const CODE: Record<string, (random: () => number) => string> = {
  python: (random) =>
    `def ${name(random)}(${name(random)}, limit=${count(random)}):\n    for row in store.read(limit=limit):\n` +
    `        if row.size &gt; ${count(random)} and row.owner != "${name(random)}":\n            yield row\n`,
  typescript: (random) =>
    `const ${name(random)} = await open({ retries: ${count(random)} });\n` +
    `for (const row of rows) {\n  if (row.size &lt; ${count(random)}) continue;\n  await send(row, "${name(random)}");\n}\n`,
  bash: (random) =>
    `$ storectl ${name(random)} --limit ${count(random)} \\\n    --output json | jq '.rows[].${name(random)}'\n`,
  sql: (random) =>
    `select ${name(random)}, count(*)\n  from ${name(random)}\n where size &gt;= ${count(random)}\n group by 1;\n`,
  yaml: (random) =>
    `${name(random)}:\n  limit: ${count(random)}\n  owners:\n    - ${name(random)}\n    - ${name(random)}\n`,
};

function name(random: () => number): string {
  return `${pick(NOUNS, random)}_${Math.floor(random() * 1000)}`;
}

function count(random: () => number): number {
  return 1 + Math.floor(random() * 4096);
}

export function sentence(random: () => number): string {
  const words = Array.from({ length: 7 + Math.floor(random() * 16) }, () => pick(LEXICON, random));
  const first = words[0] ?? "";
  return `${first.charAt(0).toUpperCase()}${first.slice(1)} ${words.slice(1).join(" ")}.`;
}

function paragraph(random: () => number): string {
  const sentences = Array.from({ length: 2 + Math.floor(random() * 4) }, () => sentence(random));
  if (random() < 0.5) sentences.splice(1, 0, `Set <code>${name(random)}</code> to <strong>${count(random)}</strong>.`);
  return `<p>${sentences.join(" ")}</p>\n`;
}

function list(random: () => number): string {
  const items = Array.from({ length: 3 + Math.floor(random() * 5) }, () => `<li>${sentence(random)}</li>`);
  const tag = random() < 0.3 ? "ol" : "ul";
  return `<${tag}>\n${items.join("\n")}\n</${tag}>\n`;
}

function table(random: () => number): string {
  const row = () =>
    `<tr><td><code>${name(random)}</code></td><td>${count(random)}</td><td>${sentence(random)}</td></tr>`;
  const rows = Array.from({ length: 3 + Math.floor(random() * 6) }, row);
  return (
    `<div class="table-wrap"><table>\n<thead><tr><th>Setting</th><th>Default</th><th>Meaning</th></tr></thead>\n` +
    `<tbody>\n${rows.join("\n")}\n</tbody></table></div>\n`
  );
}

function code(random: () => number): string {
  const [language, write] = pick(Object.entries(CODE), random);
  const text = Array.from({ length: 1 + Math.floor(random() * 3) }, () => write(random)).join("\n");
  return `<div class="highlight"><pre><code class="language-${language}">${text}</code></pre></div>\n`;
}

function figure(random: () => number): string {
  const caption = sentence(random);
  return (
    `<figure><img src="/images/${name(random)}.png" alt="${caption}" width="640" height="360" loading="lazy">` +
    `<figcaption>${caption}</figcaption></figure>\n`
  );
}

function note(random: () => number): string {
  return `<aside class="admonition note"><p class="admonition-title">Note</p>${paragraph(random)}</aside>\n`;
}

/** One block of an article's body, by the frequencies of a documentation site. */
export function block(random: () => number): string {
  const kind = random();
  if (kind < 0.56) return paragraph(random);
  if (kind < 0.74) return code(random);
  if (kind < 0.86) return list(random);
  if (kind < 0.93) return table(random);
  if (kind < 0.97) return note(random);
  return figure(random);
}

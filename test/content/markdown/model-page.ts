import fc from "fast-check";

/** What a page says, apart from markup: pages are made from it, and what is read back is compared with it. */
export type Block =
  | { kind: "heading"; level: number; text: string }
  | { kind: "paragraph"; text: string; link: string | undefined }
  | { kind: "list"; start: number | undefined; items: Block[][] }
  | { kind: "tasks"; items: { isDone: boolean; text: string }[] }
  | { kind: "quote"; blocks: Block[] }
  | { kind: "code"; language: string; lines: string[]; by: number }
  | { kind: "table"; head: string[]; rows: string[][] }
  | { kind: "note"; alert: string; title: string; blocks: Block[]; by: number }
  | { kind: "details"; summary: string; blocks: Block[] }
  | { kind: "terms"; entries: { term: string; text: string }[] }
  | { kind: "figure"; alt: string; caption: string }
  | { kind: "tabs"; panels: { label: string; text: string }[]; by: number; id: number }
  | { kind: "formula"; tex: string; by: number }
  | { kind: "rule" };

const marks = "* ** _ __a_ `c` `` ~~d~~ # 1. 2) - + > = --- | [y] [z](w) ![i] [q]: ! \\ \\* &amp; <b> <!-- ( ) : a_b";
const word = fc.constantFrom(..."plain Größe 漢字 один snake_case".split(" "), ...marks.split(" "));
/** Begins with a letter, so that it is never empty. */
const text = fc.array(word, { maxLength: 4 }).map((words) => ["w", ...words].join(" "));
const codeLine = fc.constantFrom(
  "x = 1",
  "  indented",
  "```",
  "# no heading",
  "<b>&amp;</b>",
  "- item",
  "a | b",
  "~~~~",
);
const pick = (count: number) => fc.nat({ max: count - 1 });

export const { blocks: pageArbitrary } = fc.letrec<{ block: Block; blocks: Block[] }>((tie) => ({
  blocks: fc.array(tie("block"), { minLength: 1, maxLength: 4, depthIdentifier: "page" }),
  block: fc.oneof(
    { maxDepth: 7, depthSize: "max", depthIdentifier: "page" },
    fc.record({
      kind: fc.constant("paragraph" as const),
      text,
      link: fc.constantFrom(undefined, "/x?a=1&b=(2)", "#part"),
    }),
    fc.record({ kind: fc.constant("heading" as const), level: fc.integer({ min: 1, max: 6 }), text }),
    fc.record({
      kind: fc.constant("code" as const),
      language: fc.constantFrom("python", "ts", "sh"),
      lines: fc.array(codeLine, { minLength: 1, maxLength: 4 }),
      by: pick(6),
    }),
    fc.record({
      kind: fc.constant("table" as const),
      head: fc.array(text, { minLength: 2, maxLength: 2 }),
      rows: fc.array(fc.array(text, { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 2 }),
    }),
    fc.record({
      kind: fc.constant("tasks" as const),
      items: fc.array(fc.record({ isDone: fc.boolean(), text }), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      kind: fc.constant("terms" as const),
      entries: fc.array(fc.record({ term: text, text }), { minLength: 1, maxLength: 2 }),
    }),
    fc.record({ kind: fc.constant("figure" as const), alt: fc.constant("a cat"), caption: text }),
    fc.record({
      kind: fc.constant("tabs" as const),
      panels: fc.array(fc.record({ label: text, text }), { minLength: 2, maxLength: 2 }),
      by: pick(5),
      id: fc.nat(),
    }),
    fc.record({ kind: fc.constant("formula" as const), tex: fc.constantFrom("x^2", "\\frac{a}{b_i}"), by: pick(5) }),
    fc.record({ kind: fc.constant("rule" as const) }),
    fc.record({
      kind: fc.constant("list" as const),
      start: fc.constantFrom(undefined, 1, 7),
      items: fc.array(tie("blocks"), { minLength: 1, maxLength: 3, depthIdentifier: "page" }),
    }),
    fc.record({ kind: fc.constant("quote" as const), blocks: tie("blocks") }),
    fc.record({
      kind: fc.constant("note" as const),
      alert: fc.constantFrom("NOTE", "TIP", "WARNING"),
      title: fc.constantFrom("", "w title"),
      blocks: tie("blocks"),
      by: pick(5),
    }),
    fc.record({ kind: fc.constant("details" as const), summary: text, blocks: tie("blocks") }),
  ),
}));

const escapeHtml = (value: string) => value.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);

export function writePage(blocks: readonly Block[]): string {
  return blocks.map(writeHtml).join("");
}

function writeHtml(block: Block): string {
  switch (block.kind) {
    case "heading":
      return `<h${block.level} id="i">${escapeHtml(block.text)}<a class="headerlink" href="#i" title="Permalink">¶</a></h${block.level}>`;
    case "paragraph": {
      const shown = escapeHtml(block.text);
      return block.link ? `<p>${shown} <a href="${escapeHtml(block.link)}">${shown}</a></p>` : `<p>${shown}</p>`;
    }
    case "list": {
      const items = block.items.map((item) => `<li>${writePage(item)}</li>`).join("");
      return block.start === undefined ? `<ul>${items}</ul>` : `<ol start="${block.start}">${items}</ol>`;
    }
    case "tasks":
      return `<ul class="contains-task-list">${block.items
        .map(
          (item) =>
            `<li><input type="checkbox" disabled${item.isDone ? " checked" : ""}> ${escapeHtml(item.text)}</li>`,
        )
        .join("")}</ul>`;
    case "quote":
      return `<blockquote>${writePage(block.blocks)}</blockquote>`;
    case "code":
      return writeCode(block.language, block.lines, block.by);
    case "table": {
      const row = (cells: string[], name: string) =>
        `<tr>${cells.map((cell) => `<${name}>${escapeHtml(cell)}</${name}>`).join("")}</tr>`;
      return `<table><thead>${row(block.head, "th")}</thead><tbody>${block.rows.map((cells) => row(cells, "td")).join("")}</tbody></table>`;
    }
    case "note":
      return writeNote(block.alert.toLowerCase(), escapeHtml(block.title), writePage(block.blocks), block.by);
    case "details":
      return `<details><summary>${escapeHtml(block.summary)}</summary>${writePage(block.blocks)}</details>`;
    case "terms":
      return `<dl>${block.entries.map(({ term, text }) => `<dt>${escapeHtml(term)}</dt><dd>${escapeHtml(text)}</dd>`).join("")}</dl>`;
    case "figure":
      return `<figure><img src="/cat.png" alt="${block.alt}"><figcaption>${escapeHtml(block.caption)}</figcaption></figure>`;
    case "tabs":
      return writeTabs(
        block.panels.map(({ label, text }) => ({ label: escapeHtml(label), text: `<p>${escapeHtml(text)}</p>` })),
        block.by,
        block.id,
      );
    case "formula":
      return writeFormula(block.tex, block.by);
    case "rule":
      return "<hr>";
  }
}

function writeCode(language: string, lines: readonly string[], by: number): string {
  const source = lines.map(escapeHtml);
  const all = source.join("\n");
  const numbers = lines.map((_, at) => at + 1).join("\n");
  switch (by) {
    case 0:
      return `<pre><code class="hljs language-${language}">${all}\n</code></pre>`;
    case 1:
      return `<div class="highlight-${language} notranslate"><div class="highlight"><pre><span></span>${all}\n</pre></div></div>`;
    case 2:
      return `<div class="language-${language} highlighter-rouge"><div class="highlight"><pre class="highlight"><code><table class="rouge-table"><tbody><tr><td class="rouge-gutter gl"><pre class="lineno">${numbers}\n</pre></td><td class="rouge-code"><pre>${all}\n</pre></td></tr></tbody></table></code></pre></div></div>`;
    case 3:
      return `<pre class="shiki" data-language="${language}"><code>${source.map((line) => `<span class="line"><span>${line}</span></span>`).join("\n")}</code></pre>`;
    case 4:
      return `<div class="language-${language} theme-code-block"><pre class="prism-code language-${language}"><code>${source.map((line) => `<span class="token-line">${line}<br></span>`).join("")}</code></pre><div class="buttonGroup__atx"><button>Copy</button></div></div>`;
    default:
      return `<div class="cm-editor"><div class="cm-gutters">1</div><div class="cm-content" data-language="${language}">${source.map((line) => `<div class="cm-line">${line}</div>`).join("")}</div></div>`;
  }
}

function writeNote(kind: string, title: string, body: string, by: number): string {
  const shown = title || kind.toUpperCase();
  switch (by) {
    case 0:
      return `<div class="admonition ${kind}"><p class="admonition-title">${shown}</p>${body}</div>`;
    case 1:
      return `<div class="theme-admonition theme-admonition-${kind} alert"><div class="admonitionHeading_Gvgb"><span class="admonitionIcon_Rf37"><svg></svg></span>${shown}</div><div class="admonitionContent_BuS1">${body}</div></div>`;
    case 2:
      return `<div class="markdown-alert markdown-alert-${kind}"><p class="markdown-alert-title">${shown}</p>${body}</div>`;
    case 3:
      return `<aside class="starlight-aside starlight-aside--${kind}"><p class="starlight-aside__title" aria-hidden="true">${shown}</p><div>${body}</div></aside>`;
    default:
      return `<div class="confluence-information-macro confluence-information-macro-${kind}"><p class="title">${shown}</p><div class="confluence-information-macro-body">${body}</div></div>`;
  }
}

function writeTabs(panels: readonly { label: string; text: string }[], by: number, id: number): string {
  const each = (write: (panel: { label: string; text: string }, at: number) => string) => panels.map(write).join("");
  switch (by) {
    case 0:
      return `<ul role="tablist">${each(({ label }) => `<li role="tab">${label}</li>`)}</ul>${each(({ text }) => `<div role="tabpanel" hidden>${text}</div>`)}`;
    case 1:
      return `<div class="sd-tab-set">${each(({ label, text }) => `<input type="radio"><label class="sd-tab-label">${label}</label><div class="sd-tab-content">${text}</div>`)}</div>`;
    case 2:
      return `<div class="tabbed-set tabbed-alternate">${each(() => "<input type=radio>")}<div class="tabbed-labels">${each(({ label }) => `<label>${label}</label>`)}</div><div class="tabbed-content">${each(({ text }) => `<div class="tabbed-block">${text}</div>`)}</div></div>`;
    case 3:
      return `<ul class="nav nav-tabs">${each(({ label }, at) => `<li><a href="#t${id}-${at}" data-toggle="tab">${label}</a></li>`)}</ul><div class="tab-content">${each(({ text }, at) => `<div class="tab-pane" id="t${id}-${at}">${text}</div>`)}</div>`;
    default:
      return each(
        ({ label, text }, at) =>
          `<button aria-expanded="false" aria-controls="p${id}-${at}">${label} more</button><div id="p${id}-${at}" role="region" hidden>${text}</div>`,
      );
  }
}

function writeFormula(tex: string, by: number): string {
  switch (by) {
    case 0:
      return `<span class="katex-display"><span class="katex"><span class="katex-mathml"><math display="block"><semantics><mrow><mi>x</mi></mrow><annotation encoding="application/x-tex">${tex}</annotation></semantics></math></span><span class="katex-html" aria-hidden="true">x</span></span></span>`;
    case 1:
      return `<script type="math/tex; mode=display">${tex}</script>`;
    case 2:
      return `<div class="math notranslate">\\[${tex}\\]</div>`;
    case 3:
      return `<p>\\[${tex}\\]</p>`;
    default:
      return `<math display="block" alttext="${tex}"><mi>x</mi></math>`;
  }
}

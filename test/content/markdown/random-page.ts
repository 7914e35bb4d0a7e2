/** A small, fast generator (mulberry32): the same numbers for the same seed, on every machine. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const words = (
  "plain word Größe 漢字 один * ** _ __ _a_ *b* snake_case `c` `` ~~d~~ ~ # ## 1. 2) - + > = === --- | |x| [y] [z](w) [ ] " +
  "![i] [q]: [^1] ! ( ) \\ \\* &amp; &amp;amp; &amp;lt; &lt; &lt;b&gt; &lt;!-- : :-- \" ' $5 ” « . , a*b*c a_b __init__ \\\\ 10. a| [ ] ]("
).split(" ");

/** A page of every construct whose text survives unchanged, with text that is full of Markdown's own marks. */
export function randomPage(random: () => number): string {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const many = (most: number, make: () => string, between = "") =>
    Array.from({ length: 1 + Math.floor(random() * most) }, make).join(between);
  const text = () => many(4, () => pick(words), pick([" ", " ", "", "\n"]));
  const inline = (depth: number): string => {
    const kind = depth > 2 ? 0 : Math.floor(random() * 16);
    const inner = () => many(3, () => inline(depth + 1), pick(["", " "]));
    switch (kind) {
      case 0:
      case 1:
      case 2:
      case 3:
        return text();
      case 4:
        return `<b>${inner()}</b>`;
      case 5:
        return `<em>${inner()}</em>`;
      case 6:
        return `<strong> ${inner()} </strong>`;
      case 7:
        return `<code>${text()}</code>`;
      case 8:
        return `<del>${inner()}</del>`;
      case 9:
        return `<a href="${pick(["x", "/y?a=1&amp;b=(2)", "https://z.example/a_b)c", "q*r", "#h", "?a=&amp;lt;"])}">w${text()}</a>`;
      case 10:
        return `<sub>${inner()}</sub>`;
      case 11:
        return "w<br>";
      case 12:
        return `<span>${inner()}</span>`;
      case 13:
        return `<kbd>${text()}</kbd>`;
      default:
        return text();
    }
  };
  const line = () => many(4, () => inline(0), pick(["", " "]));
  const heading = (level: number) => `<h${level}>${line()}</h${level}>`;
  const block = (depth: number): string => {
    const kind = depth > 3 ? 0 : Math.floor(random() * 12);
    const blocks = () => many(3, () => block(depth + 1));
    switch (kind) {
      case 0:
      case 1:
        return `<p>${line()}</p>`;
      case 2:
        return heading(1 + Math.floor(random() * 6));
      case 3:
        return `<ul>${many(3, () => `<li>${line()}${random() < 0.4 ? blocks() : ""}</li>`)}</ul>`;
      case 4:
        return `<ol start="${pick([1, 7, 99])}">${many(3, () => `<li>${random() < 0.5 ? line() : blocks()}</li>`)}</ol>`;
      case 5:
        return `<blockquote>${blocks()}</blockquote>`;
      case 6:
        return `<pre><code class="language-js">${many(3, text, pick(["\n", "\n  ", "\n\n"]))}</code></pre>`;
      case 7:
        return `<table><tr>${many(3, () => `<th>w${line()}</th>`)}</tr>${many(3, () => `<tr>${many(3, () => `<td>${line()}</td>`)}</tr>`)}</table>`;
      case 8:
        return `<div>${blocks()}</div>`;
      case 9:
        return "<hr>";
      case 10:
        return line();
      default:
        return `<p>${line()}</p>`;
    }
  };
  return many(5, () => block(0));
}

/**
 * Before a tag: it is one, and no text. By itself: a blank line of code, which must not be taken for a gap between
 * blocks. The renderer lets none through from the Markdown.
 */
const MARK = "\0";

/** Tags that Markdown has no marks of its own for. */
const inlineTag = /^<\/?(?:sub|sup|kbd|mark|ins|del|strong|em|code|br)>$/;

/**
 * What begins a line within more quotes and lists than anybody reads. Each level is indented anew by all above it, so a
 * page could ask for the square of its length.
 */
const tooDeep =
  /^((?:[ \t>]|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t])){64})(?:[ \t>]|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t]))+/gm;

/**
 * The text of Markdown without its marks: headings and paragraphs as lines, lists with their bullets, tables with tabs,
 * code as it is, links by their text. Images are left out: what stands for one is not what the page says.
 */
export function toPlainText(markdown: string): string {
  const text = Bun.markdown.render(
    markdown.replace(tooDeep, "$1"),
    {
      heading: (children) => `${children}\n\n`,
      paragraph: (children) => `${children}\n\n`,
      blockquote: (children) => `${indent(children.trimEnd(), "  ")}\n\n`,
      code: (children) => `${unmark(children).replace(/\n$/, "").replace(/^$/gm, MARK)}\n\n`,
      list: (children, { depth }) => (depth === 0 ? `${children}\n` : `\n${children}`),
      listItem: (children, { ordered, index, start, checked }) => {
        const box = checked === undefined ? "" : checked ? "[x] " : "[ ] ";
        const mark = ordered ? `${(start ?? 1) + index}. ` : `- ${box}`;
        return `${mark}${indent(children.trim(), " ".repeat(mark.length)).trimStart()}\n`;
      },
      hr: () => "\n",
      table: (children) => `${children}\n`,
      tr: (children) => `${children.replace(/\t$/, "")}\n`,
      th: (children) => `${onOneLine(children)}\t`,
      td: (children) => `${onOneLine(children)}\t`,
      html: () => "",
      link: (children) => children,
      image: () => "",
      // A tag comes by itself, and so does code that consists of one; the latter gets it back.
      text: (children) => (inlineTag.test(children) ? MARK + children : children),
      codespan: unmark,
    },
    { tables: true, strikethrough: true, tasklists: true },
  );
  return `${text
    .replaceAll(`${MARK}<br>`, "\n")
    .replace(/\0<[^>]*>/g, "")
    .replace(/\n{3,}/g, "\n\n")
    .replace(/^\n+/, "")
    .trimEnd()
    .replaceAll(MARK, "")}\n`;
}

const unmark = (text: string) => text.replaceAll(MARK, "");

const onOneLine = (cell: string) => cell.replaceAll(`${MARK}<br>`, " ");

function indent(text: string, by: string): string {
  return text.replace(/^(?=[^\n])/gm, by);
}

/** Stands for nothing on a blank line of code, which must not be taken for a gap between blocks. No Markdown holds it. */
const BLANK = "\0";

/**
 * The text of Markdown without its marks: headings and paragraphs as lines, lists with their bullets, tables with tabs,
 * code as it is, links and images by their text.
 */
export function toPlainText(markdown: string): string {
  const text = Bun.markdown.render(
    markdown,
    {
      heading: (children) => `${children}\n\n`,
      paragraph: (children) => `${children}\n\n`,
      blockquote: (children) => `${indent(children.trimEnd(), "  ")}\n\n`,
      code: (children) => `${children.replace(/\n$/, "").replace(/^$/gm, BLANK)}\n\n`,
      list: (children, { depth }) => (depth === 0 ? `${children}\n` : `\n${children}`),
      listItem: (children, { ordered, index, start, checked }) => {
        const box = checked === undefined ? "" : checked ? "[x] " : "[ ] ";
        const mark = ordered ? `${(start ?? 1) + index}. ` : `- ${box}`;
        return `${mark}${indent(children.trim(), " ".repeat(mark.length)).trimStart()}\n`;
      },
      hr: () => "\n",
      table: (children) => `${children}\n`,
      tr: (children) => `${children.replace(/\t$/, "")}\n`,
      th: (children) => `${children}\t`,
      td: (children) => `${children}\t`,
      html: () => "",
      link: (children) => children,
      image: (children) => children,
    },
    { tables: true, strikethrough: true, tasklists: true },
  );
  return `${text
    .replace(/\n{3,}/g, "\n\n")
    .replace(/^\n+/, "")
    .trimEnd()
    .replaceAll(BLANK, "")}\n`;
}

function indent(text: string, by: string): string {
  return text
    .split("\n")
    .map((line) => (line === "" ? line : by + line))
    .join("\n");
}

/** A part of a text, by UTF-16 offsets. */
export type Span = { start: number; end: number };

/** What a passage says, without the marks of its Markdown: the text that is indexed and that snippets are cut from. */
export type PassageText = {
  text: string;
  /** Its parts that are code, in order; inline code as well as blocks. */
  code: Span[];
  /** Its parts that are headings, in order. */
  headings: Span[];
};

/** Passages are a few thousand characters long; what is longer consists of blanks, or of one sign over and over. */
const MAX_LENGTH = 65_536;

/** Stand in what the renderer gives, and are taken out again. Unicode says they are no characters; a page's own go. */
const TAG = "\ufdd0";
const CODE = "\ufdd1";
const CODE_END = "\ufdd2";
const HEADING = "\ufdd3";
const HEADING_END = "\ufdd4";
const marks = /[\ufdd0-\ufdd4]/g;

/** Tags that Markdown has no marks of its own for. */
const inlineTag = /^<\/?(?:sub|sup|kbd|mark|ins|del|strong|em|code|br)>$/;

/** Takes a passage's Markdown apart: links by their text, cells and items on lines of their own, no images. */
export function toPassageText(markdown: string): PassageText {
  const clean = markdown.slice(0, MAX_LENGTH).replace(marks, " ");
  // Most have no tag, and each call back into the program costs as much as a line of text.
  const rendered = Bun.markdown.render(clean, clean.includes("<") ? RENDERER_OF_TAGS : RENDERER, {
    ...{ tables: true, strikethrough: true, tasklists: true },
  });
  const read: PassageText = { text: "", code: [], headings: [] };
  const open = { code: -1, heading: -1 };
  let from = 0;
  const takeTo = (at: number) => {
    read.text += rendered.slice(from, at);
    from = at + 1;
  };
  for (const { index, 0: mark } of rendered.matchAll(marks)) {
    // Within a tag that was gone over.
    if (index < from) continue;
    takeTo(index);
    const { length } = read.text;
    if (mark === TAG) {
      if (rendered.startsWith("<br>", from)) read.text += "\n";
      from = rendered.indexOf(">", from) + 1;
    } else if (mark === CODE) open.code = length;
    else if (mark === HEADING) open.heading = length;
    else if (mark === CODE_END) {
      // A heading is one as a whole.
      if (open.heading < 0 && length > open.code) read.code.push({ start: open.code, end: length });
    } else {
      read.headings.push({ start: open.heading, end: length });
      open.heading = -1;
    }
  }
  takeTo(rendered.length);
  return read;
}

const line = (children: string) => `${children}\n`;
const cell = (children: string) => `${children}\t`;
const withoutTags = (text: string) => text.replaceAll(TAG, "");

const RENDERER = {
  heading: (children: string) => `${HEADING}${children}${HEADING_END}\n\n`,
  paragraph: (children: string) => `${children}\n\n`,
  blockquote: line,
  code: (children: string) => `${CODE}${withoutTags(children)}${CODE_END}\n`,
  list: (children: string, { depth }: { depth: number }) => (depth === 0 ? line(children) : `\n${children}`),
  listItem: line,
  hr: () => "\n",
  table: line,
  tr: line,
  th: cell,
  td: cell,
  html: () => "",
  image: () => "",
  codespan: (children: string) => `${CODE}${withoutTags(children)}${CODE_END}`,
};

const RENDERER_OF_TAGS = {
  ...RENDERER,
  // A tag comes by itself, and so does code that consists of one; the latter gets it back.
  text: (children: string) => (inlineTag.test(children) ? TAG + children : children),
};

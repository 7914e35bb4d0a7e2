import {
  cleanText,
  cut,
  excerptLines,
  happeningOf,
  isWebUrl,
  moreOf,
  nameOf,
  overviewOf,
  SEE_ALL,
  SEE_CHANGE,
} from "./formats/chat-text.ts";
import type { MailDiff } from "./mail-diff.ts";
import type { Message, MessagePage } from "./message.ts";

const MAX_PAGES = 50;
const MAX_EXCERPT = 4_000;

type Diffs = ReadonlyMap<string, MailDiff>;

/** A subject on one line, whatever it is made of: a line break would begin a header of somebody else's. */
export function toSubject(text: string): string {
  return cut(cleanText(text), 200) || "Changes";
}

export function toMailText(message: Message, diffs: Diffs): string {
  const { summary, website, pages, more } = message;
  const parts = [cut(cleanText(summary), 1_000), ...pages.slice(0, MAX_PAGES).map((page) => toTextOf(page, diffs))];
  const rest = moreOf(more + Math.max(0, pages.length - MAX_PAGES));
  const origin = website ? `${cleanText(website.name)}: ${website.url}` : "";
  const overview = overviewOf(message);
  const all = overview === undefined ? "" : `${SEE_ALL}: ${overview}`;
  return `${[...parts, rest, all, origin].filter((part) => part !== "").join("\n\n")}\n`;
}

function toTextOf(page: MessagePage, diffs: Diffs): string {
  const lines = [nameOf(page, 300), page.url, happeningOf(page)];
  if (page.links.change) lines.push(`${SEE_CHANGE}: ${page.links.change}`);
  if (page.explanation) lines.push("", cleanText(page.explanation));
  const diff = diffs.get(page.changeId ?? "");
  const shown = diff ? withoutControls(diff.text).trimEnd() : excerptLines(page, MAX_EXCERPT).join("\n");
  return [...lines, "", shown].join("\n").trimEnd();
}

/** Styles stand at the elements: readers of e-mail drop style sheets. */
export function toMailHtml(message: Message, diffs: Diffs): string {
  const { title, summary, website, pages, more } = message;
  const rest = moreOf(more + Math.max(0, pages.length - MAX_PAGES));
  const parts = [
    `<h1 style="font-size:20px;margin:0 0 8px">${escapeText(title)}</h1>`,
    paragraph(escapeText(cut(summary, 1_000))),
    ...pages.slice(0, MAX_PAGES).map((page) => toHtmlOf(page, diffs)),
    rest === "" ? "" : paragraph(escapeText(rest)),
    paragraphTo(overviewOf(message), SEE_ALL),
    website ? paragraph(`<small>${linkTo(website.url, cleanText(website.name))}</small>`) : "",
  ];
  return (
    `<!doctype html>\n<html><head><meta charset="utf-8"><title>${escapeText(title)}</title></head>\n` +
    `<body style="font-family:sans-serif;line-height:1.4;max-width:760px;margin:16px">\n${parts.join("\n")}\n</body></html>\n`
  );
}

function toHtmlOf(page: MessagePage, diffs: Diffs): string {
  const diff = diffs.get(page.changeId ?? "");
  const explanation = page.explanation ? paragraph(`<em>${escapeText(page.explanation)}</em>`) : "";
  const head = `<h2 style="font-size:16px;margin:24px 0 4px">${linkTo(page.url, nameOf(page, 300))}</h2>`;
  const happening = paragraph(escapeText(happeningOf(page)));
  const link = paragraphTo(page.links.change, SEE_CHANGE);
  return [head, happening, link, explanation, diff?.html ?? toExcerpt(page)].join("\n");
}

function toExcerpt(page: MessagePage): string {
  const lines = excerptLines(page, MAX_EXCERPT).map((line) => {
    const colour = line.startsWith("+ ") ? "#e6ffec" : line.startsWith("- ") ? "#ffebe9" : "#ffffff";
    return `<div style="background:${colour};padding:2px 6px">${escapeText(line)}</div>`;
  });
  return lines.join("\n");
}

const paragraph = (html: string) => `<p style="margin:4px 0">${html}</p>`;

const paragraphTo = (url: string | undefined, label: string) =>
  url === undefined ? "" : paragraph(linkTo(url, label));

const escapeText = (text: string) => Bun.escapeHTML(cleanText(text));

function linkTo(url: string, label: string): string {
  return isWebUrl(url) ? `<a href="${Bun.escapeHTML(url)}">${escapeText(label)}</a>` : escapeText(label);
}

/** Lines and tabs stay. */
const withoutControls = (text: string) => text.toWellFormed().replace(/[^\P{Cc}\n\t]/gu, "");

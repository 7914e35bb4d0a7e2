import { Type } from "@sinclair/typebox";
import { defineFormat } from "../format.ts";
import type { Message, MessagePage } from "../message.ts";
import { type MessageTemplate, renderTemplate } from "../template.ts";
import { escapeSlack } from "../template-languages.ts";
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
} from "./chat-text.ts";
import { postJson } from "./post-json.ts";

const HOSTS = ["hooks.slack.com", "hooks.slack-gov.com"];

/** Of 50 that a message may have; people don't read more. */
const MAX_PAGES = 20;
/** Of a section's 3,000, before escaping and what stands around it. */
const MAX_EXCERPT = 1_200;
const MAX_SECTION = 3_000;
/** As it is written, with what is escaped in it. */
const MAX_URL = 1_500;
const MAX_HEADER = 150;

const Target = Type.Object(
  {
    url: Type.String({
      minLength: 1,
      maxLength: 500,
      description: "Of an incoming webhook, as Slack shows it; it is a secret",
      examples: ["https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"],
    }),
  },
  { additionalProperties: false, description: "Of Slack" },
);

/** An incoming webhook of Slack (docs.slack.dev/messaging/sending-messages-using-incoming-webhooks), as blocks. */
export const slack = defineFormat({
  kind: "slack",
  target: Target,
  templateParts: ["subject", "text"],
  check: ({ url }) => {
    if (isHook(url)) return [];
    return [{ at: "/url", message: "must be a Slack webhook such as https://hooks.slack.com/services/T…/B…/…" }];
  },
  describe: ({ url }) => {
    const [, team = "", app = ""] = /\/services\/([^/]+)\/([^/]+)\//.exec(url) ?? [];
    return `Slack, webhook ${team}/${app}`;
  },
  secretsOf: ({ url }) => [url, url.split("/").at(-1) ?? url],
  send: async (context, channel, message, signal) => {
    const own = await renderTemplate(channel, message, context.log);
    const rules = { maker: "Slack", gone: [404, 410] };
    return postJson(context, { url: channel.target.url, body: toSlackMessage(message, own) }, rules, signal);
  },
});

export function toSlackMessage(message: Message, own: MessageTemplate = {}): Record<string, unknown> {
  const title = cleanText(own.subject ?? message.title);
  const header = { type: "header", text: { type: "plain_text", text: cut(title, MAX_HEADER), emoji: false } };
  const blocks = own.text === undefined ? toBlocks(message) : toSections(own.text);
  return {
    // Shown in notifications, and read out.
    text: escapeWithin(`${title}: ${cleanText(message.summary)}`, 500),
    blocks: title === "" ? blocks : [header, ...blocks],
    unfurl_links: false,
    unfurl_media: false,
  };
}

function toBlocks(message: Message): unknown[] {
  const { summary, url, website, pages, more } = message;
  const overview = overviewOf(message);
  const about = website && url ? link(url, cleanText(website.name) || url) : "";
  const all = overview === undefined ? "" : link(overview, SEE_ALL);
  const lines = [escapeWithin(cleanText(summary), 500), about, all].filter((line) => line !== "");
  const rest = moreOf(more + Math.max(0, pages.length - MAX_PAGES));
  return [
    ...(lines.length > 0 ? [section(lines.join("\n"))] : []),
    ...pages.slice(0, MAX_PAGES).map((page) => section(toText(page))),
    ...(rest === "" ? [] : [{ type: "context", elements: [{ type: "plain_text", text: rest, emoji: false }] }]),
  ];
}

function toText(page: MessagePage): string {
  let text = `${link(page.url, nameOf(page, 200))}\n${escapeWithin(happeningOf(page), 300)}`;
  if (page.links.change) text += `\n${link(page.links.change, SEE_CHANGE)}`;
  if (page.explanation)
    text += `\n_${escapeWithin(cleanText(page.explanation), Math.min(800, MAX_SECTION - text.length - 10))}_`;
  const excerpt = excerptLines(page, MAX_EXCERPT).join("\n");
  const room = MAX_SECTION - text.length - 10;
  // Between the fences no mark means anything, but for the fence itself.
  return excerpt === "" || room < 50 ? text : `${text}\n\`\`\`\n${escapeWithin(excerpt, room)}\n\`\`\``;
}

/** Escaping makes up to five characters of one, none of which may be cut through. */
function escapeWithin(text: string, maxLength: number): string {
  for (let length = maxLength; ; length = Math.floor(length * 0.8)) {
    const escaped = escapeSlack(cut(text, length));
    if (escaped.length <= maxLength) return escaped;
  }
}

/** Angle brackets and bars end a link, wherever they stand in it. One that is too long is left out: it can't be cut. */
function link(url: string, label: string): string {
  const shown = escapeWithin(label.replaceAll("|", "¦"), 400);
  const target = url.replace(/[<>|\s]/g, encodeURIComponent).replaceAll("&", "&amp;");
  return isWebUrl(url) && target.length <= MAX_URL ? `<${target}|${shown}>` : shown;
}

const section = (text: string) => ({
  type: "section",
  text: { type: "mrkdwn", text: cut(text, MAX_SECTION), verbatim: true },
});

function toSections(text: string): unknown[] {
  const parts: string[] = [];
  for (let rest = text.trim(); rest !== "" && parts.length < 10; rest = rest.slice(MAX_SECTION))
    parts.push(rest.slice(0, MAX_SECTION).toWellFormed());
  return parts.map(section);
}

function isHook(text: string): boolean {
  const url = URL.parse(text);
  if (url?.protocol !== "https:" || !HOSTS.includes(url.host) || url.username !== "") return false;
  return /^\/services\/\w+\/\w+\/\w+$/.test(url.pathname) && url.search === "";
}

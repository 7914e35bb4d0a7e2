import { Type } from "@sinclair/typebox";
import { defineFormat } from "../format.ts";
import type { Message, MessagePage } from "../message.ts";
import { type MessageTemplate, renderTemplate } from "../template.ts";
import { escapeDiscord } from "../template-languages.ts";
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

const HOSTS = ["discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com"];

const MAX_EMBEDS = 10;
/** Of the 6,000 that all embeds of a message may have together. */
const MAX_EMBEDDED = 5_800;
const MAX_EXCERPT = 1_000;
const MAX_CONTENT = 2_000;

const COLOURS = { new: 0x2f9e44, changed: 0x1971c2, moved: 0x9c36b5, removed: 0xc92a2a, restored: 0x0c8599 };

const Target = Type.Object(
  {
    url: Type.String({
      minLength: 1,
      maxLength: 500,
      description: "Of a webhook, as Discord shows it, with `?thread_id=…` for a thread; it is a secret",
      examples: ["https://discord.com/api/webhooks/1234567890/abcdefghijklmnopqrstuvwxyz"],
    }),
  },
  { additionalProperties: false, description: "Of Discord" },
);

/** A webhook of Discord (docs.discord.com/developers/resources/webhook#execute-webhook), as embeds. */
export const discord = defineFormat({
  kind: "discord",
  target: Target,
  templateParts: ["subject", "text"],
  check: ({ url }) => {
    if (isHook(url)) return [];
    return [{ at: "/url", message: "must be a Discord webhook such as https://discord.com/api/webhooks/123…/…" }];
  },
  describe: ({ url }) => `Discord, webhook ${/\/webhooks\/(\d+)/.exec(url)?.[1] ?? ""}`,
  secretsOf: ({ url }) => [url, URL.parse(url)?.pathname.split("/").at(-1) ?? url],
  send: async (context, channel, message, signal) => {
    const own = await renderTemplate(channel, message, context.log);
    const url = new URL(channel.target.url);
    // Without it Discord answers before it knows whether the message can be kept.
    url.searchParams.set("wait", "true");
    const rules = { maker: "Discord", gone: [404, 410], retryAfterMs: readRetryAfter };
    return postJson(context, { url: url.href, body: toDiscordMessage(message, own) }, rules, signal);
  },
});

export function toDiscordMessage(message: Message, own: MessageTemplate = {}): Record<string, unknown> {
  const subject = own.subject ?? `**${escapeDiscord(cut(cleanText(message.title), 300))}**`;
  // Nobody is called, whatever the texts hold.
  const common = { allowed_mentions: { parse: [] } };
  if (own.text !== undefined) return { ...common, content: cut(`${subject}\n${own.text}`, MAX_CONTENT) };

  const embeds: Record<string, unknown>[] = [];
  let length = 0;
  for (const page of message.pages.slice(0, MAX_EMBEDS)) {
    const embed = toEmbed(page);
    length += embed.title.length + embed.description.length;
    if (length > MAX_EMBEDDED) break;
    embeds.push(embed);
  }
  const rest = moreOf(message.more + message.pages.length - embeds.length);
  const summary = escapeDiscord(cut(cleanText(message.summary), 500));
  const overview = overviewOf(message);
  const end = [overview === undefined ? "" : link(overview, SEE_ALL), rest].filter((line) => line !== "").join("\n");
  const content = [cut([cut(subject, 700), summary].join("\n").trim(), MAX_CONTENT - end.length - 1), end];
  return { ...common, content: content.join("\n").trim(), embeds };
}

function toEmbed(page: MessagePage) {
  const lines = [escapeDiscord(happeningOf(page))];
  if (page.links.change) lines.push(link(page.links.change, SEE_CHANGE));
  if (page.explanation) lines.push(escapeDiscord(cut(cleanText(page.explanation), 600)));
  const excerpt = excerptLines(page, MAX_EXCERPT).join("\n");
  // Within a fence nothing is markup but the fence itself.
  if (excerpt !== "") lines.push(`\`\`\`diff\n${excerpt.replaceAll("`", "`\u200b")}\n\`\`\``);
  return {
    // Of 256, each of which may need a backslash.
    title: escapeDiscord(nameOf(page, 125)),
    ...(isWebUrl(page.url) ? { url: page.url } : {}),
    description: lines.join("\n"),
    color: COLOURS[page.kind],
    timestamp: page.at,
  };
}

/** The angle brackets keep Discord from showing what is there. */
const link = (url: string, label: string) => `[${label}](<${url}>)`;

/** Seconds with a fraction, in the body (docs.discord.com/developers/topics/rate-limits). */
function readRetryAfter(body: unknown): number | undefined {
  const seconds = (body as { retry_after?: unknown } | null | undefined)?.retry_after;
  return typeof seconds === "number" && seconds >= 0 && seconds < 86_400 ? Math.ceil(seconds * 1_000) : undefined;
}

function isHook(text: string): boolean {
  const url = URL.parse(text);
  if (url?.protocol !== "https:" || !HOSTS.includes(url.host) || url.username !== "") return false;
  return /^\/api\/(?:v\d+\/)?webhooks\/\d+\/[\w-]+$/.test(url.pathname);
}

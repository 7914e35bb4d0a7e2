import { Type } from "@sinclair/typebox";
import { defineFormat } from "../format.ts";
import type { Message, MessagePage } from "../message.ts";
import { findUrlFaults } from "../target-url.ts";
import { type MessageTemplate, renderTemplate } from "../template.ts";
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

/** Of the 28 KB that Teams takes. */
const MAX_BYTES = 26_000;
const MAX_PAGES = 20;
const MAX_EXCERPT = 800;

const Target = Type.Object(
  {
    url: Type.String({
      minLength: 1,
      maxLength: 2_000,
      description:
        "Of a workflow that begins with “When a Teams webhook request is received”, as Teams shows it; it is a secret",
      examples: ["https://prod-00.westeurope.logic.azure.com:443/workflows/…/triggers/manual/paths/invoke?sig=…"],
    }),
  },
  { additionalProperties: false, description: "Of Microsoft Teams" },
);

/**
 * A workflow of Microsoft Teams, which took the place of its connectors, as an Adaptive Card. All texts are runs of rich
 * text, in which nothing is markup; a `TextBlock` would read Markdown.
 */
export const teams = defineFormat({
  kind: "teams",
  target: Target,
  templateParts: ["subject", "text"],
  check: ({ url }, { config }) => {
    if (URL.parse(url)?.protocol === "https:") return findUrlFaults(url, "/url", config);
    return [{ at: "/url", message: "must be the https URL of a workflow, as Teams shows it" }];
  },
  describe: ({ url }) => `Microsoft Teams, workflow at ${new URL(url).hostname}`,
  secretsOf: ({ url }) => [url, ...[new URL(url).searchParams.get("sig")].filter((sig) => sig !== null)],
  send: async (context, channel, message, signal) => {
    const own = await renderTemplate(channel, message, context.log);
    const rules = { maker: "Microsoft Teams", gone: [404, 410] };
    return postJson(context, { url: channel.target.url, body: toTeamsMessage(message, own) }, rules, signal);
  },
});

export function toTeamsMessage(message: Message, own: MessageTemplate = {}): Record<string, unknown> {
  let shown = Math.min(MAX_PAGES, message.pages.length);
  for (;;) {
    const card = toMessage(toBody(message, own, shown));
    if (shown === 0 || Buffer.byteLength(JSON.stringify(card)) <= MAX_BYTES) return card;
    shown--;
  }
}

function toMessage(body: unknown[]): Record<string, unknown> {
  const content = {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: "1.5",
    msteams: { width: "Full" },
    body,
  };
  const contentType = "application/vnd.microsoft.card.adaptive";
  return { type: "message", attachments: [{ contentType, contentUrl: null, content }] };
}

function toBody(message: Message, own: MessageTemplate, shown: number): unknown[] {
  const { url, summary, pages, more } = message;
  const title = cut(cleanText(own.subject ?? message.title), 300);
  const head = paragraph([run(title, { weight: "Bolder", size: "Large", ...leadTo(url) })]);
  if (own.text !== undefined) {
    const lines = cut(own.text.trim(), 5_000).split(/\r?\n/).slice(0, 100);
    return [head, ...lines.map((line) => paragraph([run(cleanText(line) || " ")], "None"))];
  }
  const rest = moreOf(more + pages.length - shown);
  return [
    head,
    paragraph([run(cut(cleanText(summary), 1_000) || " ")]),
    ...pages.slice(0, shown).flatMap(toBlocks),
    ...(rest === "" ? [] : [paragraph([run(rest, { isSubtle: true })])]),
    ...linkTo(overviewOf(message), SEE_ALL),
  ];
}

function toBlocks(page: MessagePage): unknown[] {
  const blocks = [
    paragraph([run(nameOf(page, 200), { weight: "Bolder", ...leadTo(page.url) })], "Medium"),
    paragraph([run(happeningOf(page), { isSubtle: true })], "None"),
    ...linkTo(page.links.change, SEE_CHANGE),
  ];
  if (page.explanation) blocks.push(paragraph([run(cut(cleanText(page.explanation), 600), { italic: true })], "Small"));
  for (const line of excerptLines(page, MAX_EXCERPT)) {
    const color = line.startsWith("+") ? "Good" : line.startsWith("-") ? "Attention" : "Default";
    blocks.push(paragraph([run(line, { color, fontType: "Monospace" })], "None"));
  }
  return blocks;
}

const run = (text: string, style: Record<string, unknown> = {}) => ({ type: "TextRun", text, ...style });

const paragraph = (inlines: unknown[], spacing = "Default") => ({ type: "RichTextBlock", spacing, inlines });

function linkTo(url: string | undefined, label: string): unknown[] {
  return url === undefined ? [] : [paragraph([run(label, { color: "Accent", ...leadTo(url) })], "None")];
}

function leadTo(url: string | undefined): Record<string, unknown> {
  return url !== undefined && isWebUrl(url) ? { selectAction: { type: "Action.OpenUrl", url } } : {};
}

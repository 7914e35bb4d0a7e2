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

const DEFAULT_SERVER = "https://ntfy.sh";

/** Of 4,096 bytes: what is longer arrives as a file. */
const MAX_BYTES = 3_900;
const MAX_EXCERPT = 700;

/** Names of emoji that ntfy shows before the title. */
const TAGS: Record<MessagePage["kind"], string> = {
  new: "new",
  changed: "pencil2",
  moved: "truck",
  removed: "wastebasket",
  restored: "recycle",
};

const Target = Type.Object(
  {
    server: Type.Optional(
      Type.String({
        maxLength: 500,
        description: "Default https://ntfy.sh",
        examples: ["https://ntfy.sh"],
      }),
    ),
    topic: Type.String({
      pattern: "^[-_A-Za-z0-9]{1,64}$",
      description: "Up to 64 letters, digits, - and _. On a public server whoever guesses it can read along",
      examples: ["example-docs-7f3a9c"],
    }),
    token: Type.Optional(
      Type.String({
        pattern: "^[\\x21-\\x7e]{1,200}$",
        description: "Access token, where the topic needs one",
        examples: ["tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2"],
      }),
    ),
    priority: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 5, description: "From 1, silent, to 5, urgent; default 3", examples: [3] }),
    ),
  },
  { additionalProperties: false, description: "Of ntfy" },
);

/** A topic of ntfy (docs.ntfy.sh/publish), whose texts are plain. */
export const ntfy = defineFormat({
  kind: "ntfy",
  target: Target,
  templateParts: ["subject", "text"],
  check: ({ server = DEFAULT_SERVER }, { config }) => {
    if (URL.parse(server)?.search)
      return [{ at: "/server", message: "must end with its path: the topic stands apart" }];
    return findUrlFaults(server, "/server", config);
  },
  describe: ({ server, topic }) => `ntfy, topic ${topic} at ${new URL(server ?? DEFAULT_SERVER).host}`,
  secretsOf: ({ token }) => (token === undefined ? [] : [token]),
  send: async (context, channel, message, signal) => {
    const { server = DEFAULT_SERVER, topic, token, priority } = channel.target;
    const own = await renderTemplate(channel, message, context.log);
    const body = { topic, ...toNtfyMessage(message, own), ...(priority === undefined ? {} : { priority }) };
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const rules = { maker: "ntfy", gone: [] };
    // JSON is published at the root of the server, whatever the topic.
    return postJson(context, { url: withSlash(server), headers, body }, rules, signal);
  },
});

export function toNtfyMessage(message: Message, own: MessageTemplate = {}): Record<string, unknown> {
  const [first, second] = message.pages;
  const title = cut(cleanText(own.subject ?? message.title), 200);
  const text = own.text === undefined ? toText(message) : own.text.trim();
  const actions = [
    ...toAction(SEE_CHANGE, second ? undefined : first?.links.change),
    ...toAction(SEE_ALL, overviewOf(message)),
  ];
  return {
    title,
    // An empty message is shown as "triggered".
    message: cutBytes(text, MAX_BYTES) || title,
    ...(message.url !== undefined && isWebUrl(message.url) ? { click: message.url } : {}),
    ...(actions.length > 0 ? { actions } : {}),
    tags: [first && !message.isDigest ? TAGS[first.kind] : "bell"],
  };
}

/** A button under the message, of which there may be three. */
function toAction(label: string, url: string | undefined): unknown[] {
  return url === undefined ? [] : [{ action: "view", label, url }];
}

function toText({ summary, pages, more }: Message): string {
  const parts = [cut(cleanText(summary), 500)].filter((line) => line !== "");
  let length = Buffer.byteLength(parts.join(""));
  let told = 0;
  for (const page of pages) {
    const part = toPart(page, pages.length === 1);
    length += Buffer.byteLength(part) + 2;
    // Room for the line that counts the rest.
    if (length > MAX_BYTES - 40) break;
    parts.push(part);
    told++;
  }
  const rest = moreOf(more + pages.length - told);
  return [...parts, ...(rest === "" ? [] : [rest])].join("\n\n");
}

function toPart(page: MessagePage, isAlone: boolean): string {
  const lines = [`${nameOf(page, 150)}\n${happeningOf(page)}`];
  if (!isAlone) lines.push(cut(page.url, 300));
  if (page.explanation) lines.push(cut(cleanText(page.explanation), 600));
  return [...lines, ...excerptLines(page, MAX_EXCERPT)].join("\n");
}

function cutBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text.toWellFormed());
  if (bytes.byteLength <= maxBytes) return bytes.toString();
  // A character that is cut through is decoded as one that says so, which goes too.
  return `${bytes
    .subarray(0, maxBytes - 3)
    .toString()
    .replace(/\ufffd$/, "")}…`;
}

const withSlash = (url: string) => (url.endsWith("/") ? url : `${url}/`);

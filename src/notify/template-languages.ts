import type { ChannelKind } from "../db/schema/notifications.ts";
import type { Language } from "./template-engine.ts";

/** A backslash before what Discord's Markdown could take for a mark; it takes one before any punctuation. */
export function escapeDiscord(text: string): string {
  return text.replace(/[\\*_~`|>#\-[\]()<:@]/g, "\\$&");
}

/**
 * The three characters that Slack's control sequences are made of: mentions and links need them. Its marks for bold and
 * the like have no escape; a zero-width space keeps them from pairing up.
 */
export function escapeSlack(text: string): string {
  const safe = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return safe.replace(/[*_~`]/g, "$&\u200b");
}

export function escapeHtml(text: string): string {
  const safe = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return safe.replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}

const PLAIN: Language = { escapeText: (text) => text };
const HTML: Language = { escapeText: escapeHtml };
/** Within quotes, which the template writes. */
const JSON_TEXT: Language = { isJson: true, escapeText: (text) => JSON.stringify(text.toWellFormed()).slice(1, -1) };

/** Which parts of a message may be put in own words, by the kind of channel, and what each is written in. */
export const TEMPLATE_LANGUAGES: Record<ChannelKind, Record<string, Language>> = {
  webhook: { body: JSON_TEXT },
  email: { subject: PLAIN, text: PLAIN, html: HTML },
  slack: { subject: PLAIN, text: { escapeText: escapeSlack } },
  discord: { subject: { escapeText: escapeDiscord }, text: { escapeText: escapeDiscord } },
  teams: { subject: PLAIN, text: PLAIN },
  ntfy: { subject: PLAIN, text: PLAIN },
};

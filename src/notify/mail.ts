import MailComposer from "nodemailer/lib/mail-composer";
import type { Config } from "../config/settings.ts";
import type { Channel, SendContext, Sent } from "./format.ts";
import { toMailHtml, toMailText, toSubject } from "./mail-content.ts";
import { type MailDiff, readDiffs } from "./mail-diff.ts";
import type { Message } from "./message.ts";
import { findSmtpServer, SmtpError, type SmtpServer, sendOverSmtp } from "./smtp.ts";
import { renderTemplate } from "./template.ts";
import { Markup } from "./template-engine.ts";

const MAX_KEPT = 4_000;

/** Sends a message to all addresses of a channel, once. To be imported lazily. */
export async function sendMail(
  { db, config, log }: Pick<SendContext, "db" | "config" | "log">,
  channel: Omit<Channel, "target">,
  to: string[],
  message: Message,
  signal: AbortSignal,
): Promise<Sent> {
  const server = findSmtpServer(config);
  const from = readSender(config);
  if (!server || !from) {
    // Perhaps the operator sets it up again.
    return { request: {}, isDelivered: false, error: "E-mail is not set up here: SMTP_URL and SMTP_FROM are missing" };
  }
  const diffs = await readDiffs(db, message);
  const content = await toContent(channel, message, diffs, log);
  const ids = idsOf(channel.id, message, from.address);
  const composer = new MailComposer({
    ...content,
    from: { name: from.name, address: from.address },
    to: to.map((address) => ({ name: "", address })),
    ...ids,
    date: message.event.at,
    headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const mail = await composer.compile().build();
  const { host, port, isSecure } = server;
  const request = {
    method: "SMTP",
    url: `${isSecure ? "smtps" : "smtp"}://${host}:${port}`,
    headers: { from: from.address, to, subject: content.subject, "message-id": ids.messageId },
    body: content.text.slice(0, MAX_KEPT),
  };
  const bounds = { timeoutMs: config.WEBHOOK_TIMEOUT_MS, signal };
  return { request, ...(await attempt(server, { from: from.address, to }, mail, bounds)) };
}

async function attempt(
  server: SmtpServer,
  envelope: { from: string; to: string[] },
  mail: Buffer,
  bounds: { timeoutMs: number; signal: AbortSignal },
): Promise<Omit<Sent, "request">> {
  try {
    const { status, text, rejected } = await sendOverSmtp(server, envelope, mail, bounds);
    const answer = { body: text, ...(rejected.length > 0 ? { rejected } : {}) };
    const error = rejected.length > 0 ? `Not taken for ${rejected.join(", ")}` : undefined;
    return { isDelivered: true, status, answer, error };
  } catch (error) {
    if (!(error instanceof SmtpError)) throw error;
    return { isDelivered: false, status: error.status, error: error.message, isPermanent: error.isPermanent };
  }
}

async function toContent(
  channel: Omit<Channel, "target">,
  message: Message,
  diffs: ReadonlyMap<string, MailDiff>,
  log: SendContext["log"],
) {
  const first = diffs.get(message.pages[0]?.changeId ?? "");
  const extra = { diff_html: new Markup(first?.html ?? ""), diff_text: first?.text ?? "" };
  const own = await renderTemplate(channel, message, log, extra);
  const hasOwnBody = own.text !== undefined || own.html !== undefined;
  const text = own.text ?? (hasOwnBody ? undefined : toMailText(message, diffs));
  const html = own.html ?? (hasOwnBody ? undefined : toMailHtml(message, diffs));
  return {
    subject: toSubject(own.subject ?? message.title),
    text: text ?? toMailText(message, diffs),
    ...(html === undefined ? {} : { html }),
  };
}

/**
 * The same for each attempt, so that a message that arrived twice is one; what tells of one page is a thread, whose
 * beginning is nowhere but in these names.
 */
function idsOf(channelId: string, { event, payload }: Message, sender: string) {
  const domain = sender.slice(sender.lastIndexOf("@") + 1);
  const page = (payload as { page?: { id?: unknown } }).page?.id;
  const thread =
    typeof page === "string" && /^[\w-]+$/.test(page) ? `<page-${page}.${channelId}@${domain}>` : undefined;
  return {
    messageId: `<${event.id}.${channelId}@${domain}>`,
    ...(thread === undefined ? {} : { inReplyTo: thread, references: thread }),
  };
}

function readSender({ SMTP_FROM }: Config): { name: string; address: string } | undefined {
  if (SMTP_FROM === undefined) return undefined;
  const [, name = "", address] = /^(?:(.*) )?<?([^\s<>]+)>?$/.exec(SMTP_FROM.trim()) ?? [];
  return address === undefined ? undefined : { name: name.trim(), address };
}

import { inArray } from "drizzle-orm";
import type { App } from "../app.ts";
import { pageChanges } from "../db/schema/pages.ts";
import type { Channel, Sent } from "./format.ts";
import { formatOf } from "./formats.ts";
import { changeIdsOf, type Message, type StoredEvent, toMessage } from "./message.ts";
import { hideSecrets } from "./secrets.ts";

/** One attempt and what came of it, without secrets: as it is kept and shown. */
export type Attempt = Sent & { startedAt: Date; durationMs: number };

/** What does not end when it is told to is left to itself after so long. */
const GRACE_MS = 2_000;

/** What an event says to a channel. */
export async function readMessage(
  { db, config: { PUBLIC_URL: publicUrl } }: Pick<App, "db" | "config">,
  channel: Channel,
  event: StoredEvent,
): Promise<Message> {
  const ids = channel.isExplained ? changeIdsOf(event) : [];
  if (ids.length === 0) return toMessage(event, { publicUrl });
  const { id, explanation } = pageChanges;
  const rows = await db.select({ id, explanation }).from(pageChanges).where(inArray(id, ids));
  const known = rows.flatMap((row) => (row.explanation === null ? [] : [[row.id, row.explanation] as const]));
  return toMessage(event, { explanations: new Map(known), publicUrl });
}

/** Sends a message once, in the time that the settings give. @throws the signal's reason when it is aborted */
export async function sendOnce(app: App, channel: Channel, message: Message, stop: AbortSignal): Promise<Attempt> {
  const { clock, config, log } = app;
  const format = formatOf(channel.kind);
  const startedAt = clock.now();
  const began = performance.now();
  const ended = new AbortController();
  const late = new AbortController();
  const limit = config.WEBHOOK_TIMEOUT_MS;
  const timer = clock.sleep(limit, ended.signal).then(() => late.abort(new Error("The time is over")));
  timer.catch(() => {});
  const given: Promise<Sent> = clock.sleep(limit + GRACE_MS, ended.signal).then(() => NOTHING_CAME);
  given.catch(() => {});
  const fail = (error: unknown): Sent => {
    if (!stop.aborted && !late.signal.aborted) log.error("delivery failed by itself", { channelId: channel.id, error });
    return { ...NOTHING_CAME, error: "The service failed at it; its log says why" };
  };
  try {
    const sending = format.send(app, channel, message, AbortSignal.any([stop, late.signal]));
    const sent = await Promise.race([sending.catch(fail), given]);
    if (!sent.isDelivered) stop.throwIfAborted();
    const isLate = late.signal.aborted && !sent.isDelivered && sent.status === undefined;
    const told = isLate ? { ...sent, error: `There was no answer within ${limit / 1_000} s` } : sent;
    const shown = hideSecrets(told, [...(format.secretsOf?.(channel.target) ?? []), ...signingSecretsOf(channel)]);
    return { ...shown, startedAt, durationMs: Math.round(performance.now() - began) };
  } finally {
    ended.abort();
  }
}

const NOTHING_CAME: Sent = { request: {}, isDelivered: false };

function signingSecretsOf({ secret, formerSecret }: Channel): string[] {
  return [secret, formerSecret].filter((each) => each !== null);
}

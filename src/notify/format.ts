import type { Static, TSchema } from "@sinclair/typebox";
import type { App } from "../app.ts";
import type { ChannelKind, channels } from "../db/schema/notifications.ts";
import type { Fault } from "../errors.ts";
import type { Message } from "./message.ts";

export type Channel = typeof channels.$inferSelect;

/** What sending takes: the guarded way out, and what the service was told of itself. */
export type SendContext = Pick<App, "db" | "fetch" | "config" | "clock" | "log" | "telemetry" | "userAgent">;

/** What became of one attempt. Secrets may be in it: they are taken out before it is kept. */
export type Sent = {
  /** What was sent, as it is kept: `url`, `method`, `headers`, `body` over HTTP. */
  request: Record<string, unknown>;
  /** Of HTTP, or the like. */
  status?: number | undefined;
  /** What came back, as it is kept: `headers`, the beginning of `body`. */
  answer?: Record<string, unknown> | undefined;
  /** Why it was not delivered, in a sentence. */
  error?: string | undefined;
  isDelivered: boolean;
  /** No further attempt would do better. */
  isPermanent?: boolean | undefined;
  /** Who should have it wants nothing any more: the channel is disabled. */
  isGone?: boolean | undefined;
  /** When the receiver wants it again, if it said. */
  retryAfterMs?: number | undefined;
};

/** One kind of channel: a value of the file that holds what it does. What is heavy is loaded when it first sends. */
export type ChannelFormat<Target extends TSchema = TSchema> = {
  kind: ChannelKind;
  /** Where it goes, as the API takes it. */
  target: Target;
  /** What a schema can't say of it: each fault at its place in the target, such as `/url`. Nothing when all is well. */
  check?(target: Static<Target>, context: Pick<App, "config">): Fault[];
  /** For people, on one line, without secrets. */
  describe(target: Static<Target>): string;
  /** Parts of it that let strangers write there; they are never shown, wherever they appear. */
  secretsOf?(target: Static<Target>): string[];
  /** Parts that `template` may have; none when absent. */
  templateParts?: readonly string[];
  /** Once. What goes wrong on the way is told in what it gives; what it throws is a fault of ours. */
  send(
    context: SendContext,
    channel: Omit<Channel, "target"> & { target: Static<Target> },
    message: Message,
    signal: AbortSignal,
  ): Promise<Sent>;
};

/** Gives the target's type to its functions. */
export function defineFormat<Target extends TSchema>(format: ChannelFormat<Target>): ChannelFormat {
  return format as unknown as ChannelFormat;
}

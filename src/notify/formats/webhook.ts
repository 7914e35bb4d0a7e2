import { Type } from "@sinclair/typebox";
import { type Channel, defineFormat } from "../format.ts";
import type { Message } from "../message.ts";
import { post } from "../post.ts";
import { sign, toSeconds } from "../signature.ts";
import { findUrlFaults, secretsOfUrl } from "../target-url.ts";
import { renderTemplate } from "../template.ts";

const Target = Type.Object(
  {
    url: Type.String({
      minLength: 1,
      maxLength: 2_000,
      description: "Where requests are sent to",
      examples: ["https://hooks.example.com/orbweaver"],
    }),
  },
  { additionalProperties: false, description: "Of a webhook" },
);

/** A signed request for each event (Standard Webhooks 1.0.0, standardwebhooks.com). */
export const webhook = defineFormat({
  kind: "webhook",
  target: Target,
  templateParts: ["body"],
  check: ({ url }, { config }) => findUrlFaults(url, "/url", config),
  describe: ({ url }) => URL.parse(url)?.host ?? "?",
  secretsOf: ({ url }) => secretsOfUrl(url),
  send: async (context, channel, message, signal) => {
    const own = await renderTemplate(channel, message, context.log);
    const body = own.body ?? writeBody(message);
    const at = context.clock.now();
    const { id } = message.event;
    const headers = {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(toSeconds(at)),
      "webhook-signature": sign(secretsOf(channel, at), { id, at, body }),
    };
    return post(context, { url: channel.target.url, headers, body }, signal);
  },
});

/** The same text at each attempt, so that what is signed is the event and not the moment. */
function writeBody({ event, payload, pages }: Message): string {
  const explained = pages.flatMap(({ changeId, explanation }) => (explanation ? [[changeId, explanation]] : []));
  const data = explained.length === 0 ? payload : { ...payload, explanations: Object.fromEntries(explained) };
  return JSON.stringify({ type: event.type, timestamp: event.at.toISOString(), data });
}

/** The secret before the last one signs too until receivers have had time to take the new one. */
function secretsOf(
  { secret, formerSecret, formerSecretUntil }: Pick<Channel, "secret" | "formerSecret" | "formerSecretUntil">,
  now: Date,
): string[] {
  const isFormerValid = formerSecret !== null && formerSecretUntil !== null && formerSecretUntil > now;
  return [secret, isFormerValid ? formerSecret : null].filter((each) => each !== null);
}

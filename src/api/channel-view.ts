import { type Static, Type } from "@sinclair/typebox";
import { t } from "elysia";
import { CHANNEL_KINDS, type ChannelTiming } from "../db/schema/notifications.ts";
import { type ChannelFields, STANDARD_TYPES, WANTED_TYPES } from "../notify/channels.ts";
import type { Channel } from "../notify/format.ts";
import { formatOf } from "../notify/formats.ts";
import { hideSecrets } from "../notify/secrets.ts";
import { exampleId, Id, Instant, Nullable, OneOf } from "./fields.ts";
import { idCursors, PageOf } from "./paging.ts";

const MODES = ["immediate", "hourly", "daily", "weekly"] as const satisfies ChannelTiming["mode"][];
const MAX_PATTERNS = 100;

const ChannelName = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: "\\S",
  description: "For people; the kind when left out",
  examples: ["Deploy hook"],
});

const Kind = OneOf(CHANNEL_KINDS, { description: "How it is told", examples: ["webhook"] });

const TargetPart = Type.Union([
  Type.String({ maxLength: 2_000, examples: ["https://hooks.example.com/orbweaver"] }),
  Type.Array(Type.String({ maxLength: 2_000 }), { minItems: 1, maxItems: 100 }),
  Type.Integer(),
]);

const Target = Type.Record(Type.String(), TargetPart, {
  description:
    "Where it is told, by kind. webhook: `url`, to which each event is sent by POST, signed by the Standard Webhooks specification. slack, discord, teams: `url` of their incoming webhook. email: `to`, a list of addresses. ntfy: `topic`, and `server`, `token` and `priority` where they are not the usual ones",
  examples: [{ url: "https://hooks.example.com/orbweaver" }],
});

const EventTypes = Type.Array(OneOf(WANTED_TYPES, {}), {
  minItems: 1,
  maxItems: WANTED_TYPES.length,
  description: `What it is told; ${STANDARD_TYPES.join(", ")} when left out. That another channel was disabled is told besides`,
  examples: [["page.new", "page.changed", "page.removed"]],
});

const Patterns = (description: string, example: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 1_000 }), {
    maxItems: MAX_PATTERNS,
    description,
    examples: [[example]],
  });

const filterFields = {
  include: Patterns("Patterns of which a page's URL must match one, when there are any", "/docs/**"),
  exclude: Patterns("Patterns of which a page's URL must match none", "**/tag/**"),
  trigger_text: Patterns(
    "Texts, or expressions after re:, of which what came onto the page must have one, when there are any",
    "price",
  ),
  min_share: Type.Number({
    minimum: 0,
    maximum: 1,
    description: "Least share of the text that changed, of page.changed",
    examples: [0.05],
  }),
};

const timingFields = {
  mode: OneOf(MODES, {
    description: "immediate tells each event at once; the others gather them into one message",
    examples: ["daily"],
  }),
  time_zone: Type.String({
    minLength: 1,
    maxLength: 100,
    description: "Time zone (IANA) of the hour. One that the clocks leave out is when they jump",
    examples: ["Europe/Berlin"],
  }),
  hour: Type.Integer({ minimum: 0, maximum: 23, description: "Of daily and weekly ones", examples: [8] }),
  weekday: Type.Integer({ minimum: 1, maximum: 7, description: "Of weekly ones: 1 is Monday", examples: [1] }),
};

const Template = Type.Record(Type.String({ maxLength: 20 }), Type.String({ maxLength: 20_000 }), {
  description:
    "Own words in place of those of the kind, in Liquid, by part: `subject`, `text` and `html` of an e-mail, `subject` and `text` of chats, `body` of a webhook. What it can name is said at POST /api/v1/channels/template-preview",
  examples: [{ text: "{{ title }}: {{ summary }}" }],
});

const Explained = Type.Boolean({
  description: "Changes are told in plain words too, where the service has a language model",
  examples: [false],
});

const Enabled = Type.Boolean({ description: "Whether it is told anything", examples: [true] });

const Secret = Type.String({
  minLength: 1,
  maxLength: 200,
  description: "Signs what a webhook is sent: `whsec_` and 24 to 64 random bytes in base64. Made when left out",
  examples: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
});

const Filter = Type.Partial(Type.Object(filterFields), {
  additionalProperties: false,
  description: "Which pages it is told of; it replaces the former one as a whole. All pages when empty",
  examples: [{ include: ["/docs/**"], min_share: 0.01 }],
});

const Timing = Type.Partial(Type.Object(timingFields), {
  additionalProperties: false,
  description: "When it is told; at once when left out",
  examples: [{ mode: "daily", time_zone: "Europe/Berlin", hour: 8 }],
});

const fields = {
  name: Type.Optional(ChannelName),
  event_types: Type.Optional(EventTypes),
  filter: Type.Optional(Filter),
  timing: Type.Optional(Timing),
  template: Type.Optional(Nullable(Template)),
  explained: Type.Optional(Explained),
  enabled: Type.Optional(Enabled),
};

export const NewChannel = Type.Object(
  {
    kind: Kind,
    target: Target,
    website_id: Type.Optional(Id("Events of this website alone; of all the caller's websites when left out")),
    secret: Type.Optional(Secret),
    ...fields,
  },
  {
    additionalProperties: false,
    description: "A channel to make",
    examples: [
      {
        kind: "webhook",
        target: { url: "https://hooks.example.com/orbweaver" },
        event_types: ["page.new", "page.changed"],
        filter: { include: ["/docs/**"] },
      },
    ],
  },
);

export const ChannelChange = Type.Object(
  { target: Type.Optional(Target), ...fields },
  {
    additionalProperties: false,
    minProperties: 1,
    description: "What to change. Neither the kind nor the website can be",
    examples: [{ enabled: true, timing: { mode: "daily", hour: 8 } }],
  },
);

export const NewSecret = Type.Object(
  { secret: Type.Optional(Secret) },
  { additionalProperties: false, description: "The new secret, if it is not to be made", examples: [{}] },
);

const view = {
  id: Id("The channel's id"),
  website_id: Nullable(Id("The website that it is told of; null for all of its user's")),
  kind: Kind,
  name: ChannelName,
  target: Type.Record(Type.String(), Type.Unknown(), {
    description: "Where it is told, without what would let others write there",
    examples: [{ url: "https://hooks.slack.com/services/[redacted]" }],
  }),
  address: Type.String({ description: "The same in short, for people", examples: ["hooks.example.com"] }),
  event_types: Type.Array(Type.String(), { description: "What it is told", examples: [["page.new", "page.changed"]] }),
  filter: Type.Object(filterFields, { description: "Which pages it is told of" }),
  timing: Type.Object(timingFields, { description: "When it is told" }),
  template: Nullable(Template),
  explained: Explained,
  enabled: Enabled,
  disabled_reason: Nullable(Type.String({ description: "Why the service disabled it", examples: ["It answered 410"] })),
  disabled_at: Nullable(Instant("When the service disabled it")),
  failing_since: Nullable(Instant("Since when nothing arrived that was sent; null when the last did")),
  next_digest_at: Nullable(Instant("When what is gathered is told; null where nothing is")),
  former_secret_until: Nullable(Instant("Until when the secret before the last rotation signs too")),
  created_at: Instant("When it was made"),
  updated_at: Instant("When anything of it last changed"),
  links: Type.Object({
    self: Type.String({ examples: [`/api/v1/channels/${exampleId}`] }),
    deliveries: Type.String({ examples: [`/api/v1/channels/${exampleId}/deliveries`] }),
    website: Nullable(Type.String({ examples: [`/api/v1/websites/${exampleId}`] })),
  }),
};

export const ChannelView = Type.Object(view, { $id: "Channel", description: "Where somebody is told of events" });

export const MadeChannelView = Type.Object(
  { ...view, secret: Nullable(Type.String({ description: "What signs: this once; null where nothing is signed" })) },
  { $id: "MadeChannel", description: "A channel with its new secret" },
);

export const ChannelPage = PageOf(ChannelView, "Channels, newest first");
export const channelCursors = idCursors("channels");

export const channelFilters = {
  website_id: t.Optional(Id("Only those that are told of this website: its own, and those for all websites")),
  user_id: t.Optional(Id("Only this user's; for administrators, as others see their own alone")),
  kind: t.Optional(Kind),
  enabled: t.Optional(
    OneOf(["true", "false"], { description: "Only those that are told, or not", examples: ["true"] }),
  ),
};

export function readChannelFields(body: Static<typeof ChannelChange>): ChannelFields {
  const { name, target, event_types: eventTypes, filter, timing, template, explained, enabled } = body;
  return {
    ...{ name: name?.trim(), target, eventTypes, template, isExplained: explained, isEnabled: enabled },
    filter: filter && readFilter(filter),
    timing: timing && readTiming(timing),
  };
}

function readFilter({ include, exclude, trigger_text, min_share }: Static<typeof Filter>): ChannelFields["filter"] {
  return withoutUndefined({ include, exclude, triggerText: trigger_text, minShare: min_share });
}

function readTiming({ mode, time_zone, hour, weekday }: Static<typeof Timing>): ChannelFields["timing"] {
  return withoutUndefined({ mode, timeZone: time_zone, hour, weekday });
}

/** What is left out must not take the place of what is there. */
export function withoutUndefined<Value extends object>(value: Value) {
  type Given = { [Name in keyof Value]?: Exclude<Value[Name], undefined> };
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Given;
}

export function viewChannel(channel: Channel): Static<typeof ChannelView> {
  const { id, websiteId, kind, name, target, filter, timing, template } = channel;
  const format = formatOf(kind);
  const self = `/api/v1/channels/${id}`;
  const { include = [], exclude = [], triggerText = [], minShare = 0 } = filter;
  const { mode, timeZone, hour, weekday } = timing;
  return {
    ...{ id, website_id: websiteId, kind, name, template },
    target: hideSecrets(target, format.secretsOf?.(target) ?? []),
    address: format.describe(target),
    event_types: channel.eventTypes,
    filter: { include, exclude, trigger_text: triggerText, min_share: minShare },
    timing: { mode, time_zone: timeZone, hour, weekday },
    explained: channel.isExplained,
    enabled: channel.isEnabled,
    disabled_reason: channel.disabledReason,
    disabled_at: toText(channel.disabledAt),
    failing_since: toText(channel.failingSince),
    next_digest_at: toText(channel.nextDigestAt),
    former_secret_until: toText(channel.formerSecretUntil),
    created_at: channel.createdAt.toISOString(),
    updated_at: channel.updatedAt.toISOString(),
    links: {
      self,
      deliveries: `${self}/deliveries`,
      website: websiteId && `/api/v1/websites/${websiteId}`,
    },
  };
}

const toText = (at: Date | null) => at?.toISOString() ?? null;

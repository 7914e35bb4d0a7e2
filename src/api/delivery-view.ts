import { type Static, Type } from "@sinclair/typebox";
import { t } from "elysia";
import { DELIVERY_STATES } from "../db/schema/notifications.ts";
import type { DeliveryStory, ShownDelivery } from "../notify/deliveries.ts";
import { exampleId, Id, Instant, Nullable, OneOf } from "./fields.ts";
import { idCursors, PageOf } from "./paging.ts";

const State = OneOf(DELIVERY_STATES, {
  description:
    "held waits for a digest, pending is on its way or tried again later, delivered has arrived, failed was given up, cancelled was on its way when the channel was disabled",
  examples: ["delivered"],
});

const fields = {
  id: Id("The delivery's id"),
  channel_id: Id("Where it goes"),
  event_id: Id("The event, and what receivers tell a repetition by: `webhook-id`"),
  event_type: Type.String({ description: "What happened", examples: ["page.changed"] }),
  page_id: Nullable(Id("The page that it is about; those of one page arrive in order")),
  digest_id: Nullable(Id("The delivery that told it among others")),
  state: State,
  attempts: Type.Integer({ description: "Since it was made, or last replayed", examples: [1] }),
  next_attempt_at: Nullable(Instant("When it is tried again")),
  last_status: Nullable(Type.Integer({ description: "HTTP status of the last answer", examples: [204] })),
  last_error: Nullable(Type.String({ description: "Why the last attempt failed", examples: ["It answered 500"] })),
  delivered_at: Nullable(Instant("When it arrived")),
  created_at: Instant("When it was made"),
  links: Type.Object({
    self: Type.String({ examples: [`/api/v1/deliveries/${exampleId}`] }),
    channel: Type.String({ examples: [`/api/v1/channels/${exampleId}`] }),
  }),
};

const AttemptView = Type.Object(
  {
    attempt: Type.Integer({ description: "From 1, replays included", examples: [1] }),
    started_at: Instant("When it was begun"),
    duration_ms: Type.Integer({ description: "How long it took", examples: [120] }),
    request: Type.Record(Type.String(), Type.Unknown(), {
      description: "What was sent, without secrets; a long body is cut",
      examples: [{ method: "POST", url: "https://hooks.example.com/orbweaver" }],
    }),
    status: Nullable(Type.Integer({ description: "HTTP status of the answer", examples: [204] })),
    answer: Nullable(
      Type.Record(Type.String(), Type.Unknown(), {
        description: "What came back: headers, and the first 4 KB of the body",
        examples: [{ headers: { "content-type": "text/plain" }, body: "ok" }],
      }),
    ),
    error: Nullable(Type.String({ description: "Why it failed", examples: ["It answered 500"] })),
  },
  { description: "One attempt" },
);

export const DeliveryView = Type.Object(fields, { $id: "Delivery", description: "An event on its way to a channel" });

export const DeliveryDetails = Type.Object(
  {
    ...fields,
    data: Type.Record(Type.String(), Type.Unknown(), { description: "What the event says", examples: [{}] }),
    tries: Type.Array(AttemptView, { description: "Each attempt, what was sent and what came back" }),
  },
  { $id: "DeliveryDetails", description: "A delivery with all its attempts" },
);

export const DeliveryPage = PageOf(DeliveryView, "Deliveries, newest first");
export const deliveryCursors = idCursors("deliveries");

export const deliveryFilters = { state: t.Optional(State) };

export const Replayed = Type.Object(
  { deliveries: Type.Integer({ description: "How many are sent again", examples: [3] }) },
  { $id: "Replayed", description: "They are on their way again" },
);

export function viewDelivery(delivery: ShownDelivery): Static<typeof DeliveryView> {
  const { id, channelId, eventId, type, pageId, digestId, state, attempts, lastStatus, lastError } = delivery;
  return {
    ...{ id, channel_id: channelId, event_id: eventId, event_type: type, page_id: pageId, digest_id: digestId },
    ...{ state, attempts, last_status: lastStatus, last_error: lastError },
    next_attempt_at: toText(delivery.nextAttemptAt),
    delivered_at: toText(delivery.deliveredAt),
    created_at: delivery.createdAt.toISOString(),
    links: { self: `/api/v1/deliveries/${id}`, channel: `/api/v1/channels/${channelId}` },
  };
}

export function viewDeliveryDetails(story: DeliveryStory): Static<typeof DeliveryDetails> {
  const { delivery, payload, attempts } = story;
  const tries = attempts.map(({ attempt, startedAt, durationMs, request, status, answer, error }) => ({
    ...{ attempt, started_at: startedAt.toISOString(), duration_ms: durationMs },
    ...{ request, status, answer, error },
  }));
  return { ...viewDelivery(delivery), data: payload, tries };
}

const toText = (at: Date | null) => at?.toISOString() ?? null;

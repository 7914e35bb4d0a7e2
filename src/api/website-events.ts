import { type Static, Type } from "@sinclair/typebox";
import { Elysia, t } from "elysia";
import type { App } from "../app.ts";
import { EVENT_TYPES, type EventType } from "../db/schema/notifications.ts";
import type { StoredEvent } from "../notify/message.ts";
import { listEvents, watchEvents } from "../notify/watch-events.ts";
import { streamChanges, writeEvent } from "./events.ts";
import { badField, byId, exampleId, Id, Instant, Nullable, OneOf } from "./fields.ts";
import { describeProblems } from "./openapi.ts";
import { idCursors, PageOf, pagingQuery, readPage } from "./paging.ts";
import { permissions } from "./permissions.ts";
import { viewerOf } from "./request-context.ts";

const EventView = Type.Object(
  {
    id: Id("The event's id"),
    type: Type.String({ description: "What happened", examples: ["page.changed"] }),
    timestamp: Instant("When it was written down"),
    website_id: Nullable(Id("Where it happened")),
    data: Type.Record(Type.String(), Type.Unknown(), { description: "What it is about, as it was then" }),
  },
  { $id: "Event", description: "Something that happened, as webhooks are told of it" },
);

const EventPage = PageOf(EventView, "Events, newest first");
const eventCursors = idCursors("events");

const eventQuery = t.Object({
  ...pagingQuery,
  types: t.Optional(
    t.String({
      maxLength: 500,
      description: `Only these, comma-separated: ${EVENT_TYPES.join(", ")}`,
      examples: ["page.new,page.changed"],
    }),
  ),
  format: t.Optional(
    OneOf(["sse", "json"], {
      description: "sse for a stream of what comes, json for a list of what was; sse when left out",
      examples: ["sse"],
    }),
  ),
});

type EventsContext = Pick<App, "db" | "cache" | "clock" | "log"> & { closing: AbortSignal };
type Query = Static<typeof eventQuery>;

/** What happens, as it does. */
export const websiteEventsApi = (context: EventsContext) =>
  new Elysia({ tags: ["Channels"] })
    .use(permissions)
    .get("/events", ({ query, request }) => answer(context, request, query, undefined), {
      permission: "read",
      query: eventQuery,
      detail: {
        summary: "Watch what happens",
        description: `On all the caller's own websites. ${DESCRIPTION}`,
        responses: { ...CONTENT, ...describeProblems(400, 500, 503) },
      },
    })
    .get("/websites/:id/events", ({ params, query, request }) => answer(context, request, query, params.id), {
      permission: "read",
      params: byId("website"),
      query: eventQuery,
      detail: {
        summary: "Watch what happens on a website",
        description: DESCRIPTION,
        responses: { ...CONTENT, ...describeProblems(400, 404, 500, 503) },
      },
    });

async function answer(context: EventsContext, request: Request, query: Query, websiteId: string | undefined) {
  const viewer = viewerOf(request);
  const filter = { viewer, websiteId, types: readTypes(query.types) };
  if (query.format === "json") {
    return readPage(
      query,
      eventCursors,
      (limit, after) => listEvents(context.db, { ...filter, limit, after }),
      ({ id }) => id,
      viewEvent,
    );
  }
  const lastId = readLastId(request.headers.get("last-event-id"));
  const watch = (signal: AbortSignal) => watchEvents(context, filter, lastId, signal);
  const write = (events: StoredEvent[]) =>
    events.length === 0
      ? ": watching\n\n"
      : events.map((event) => writeEvent(event.type, event.id, viewEvent(event))).join("");
  return streamChanges(context, request, watch, write);
}

function readTypes(text: string | undefined): EventType[] | undefined {
  if (text === undefined) return undefined;
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !EVENT_TYPES.some((type) => type === name));
  if (unknown !== undefined)
    throw badField("types", `must be some of ${EVENT_TYPES.join(", ")}, not ${JSON.stringify(unknown)}`);
  return EVENT_TYPES.filter((type) => names.includes(type));
}

function readLastId(text: string | null): string | undefined {
  if (text === null || text === "") return undefined;
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) return text;
  throw badField("last-event-id", "must be the id of an event of this stream");
}

function viewEvent({ id, type, createdAt, websiteId, payload }: StoredEvent): Static<typeof EventView> {
  return { id, type, timestamp: createdAt.toISOString(), website_id: websiteId, data: payload };
}

const DESCRIPTION =
  "Server-sent events, named by their types, with what webhooks are told. A client that comes back with `Last-Event-ID` is told all that it missed, once, for as long as events are kept. crawl.page is among them only while a channel wants it. A comment every 15 seconds keeps the connection open. With `format=json` a list of what was, newest first, also of what nobody was told yet.";

const EXAMPLE = {
  id: exampleId,
  type: "page.changed",
  timestamp: "2026-01-31T12:00:00.000Z",
  website_id: exampleId,
  data: { page: { url: "https://docs.example.com/start" } },
};

const CONTENT = {
  200: {
    description: "Events as they come, or a list",
    content: {
      "text/event-stream": {
        schema: { type: "string" as const },
        example: writeEvent("page.changed", exampleId, EXAMPLE),
      },
      "application/json": { schema: EventPage as object, example: { items: [EXAMPLE], next_cursor: null } },
    },
  },
};

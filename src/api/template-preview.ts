import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { App } from "../app.ts";
import { CHANNEL_KINDS } from "../db/schema/notifications.ts";
import { previewOfEvent } from "../notify/template-preview.ts";
import { VARIABLES_DESCRIPTION } from "../notify/template-variables.ts";
import { Id, OneOf } from "./fields.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { viewerOf } from "./request-context.ts";

const PreviewRequest = Type.Object(
  {
    kind: OneOf(CHANNEL_KINDS, { description: "Of the channel that it is for", examples: ["slack"] }),
    template: Type.Record(Type.String({ maxLength: 20 }), Type.String({ maxLength: 20_000 }), {
      minProperties: 1,
      description:
        "By part: `subject`, `text` and `html` of an e-mail, `subject` and `text` of chats and ntfy, `body` of a webhook",
      examples: [{ text: "{{ title }}: {{ page.url }}" }],
    }),
    event_id: Type.Optional(Id("The event that is told; a sample when left out")),
  },
  {
    additionalProperties: false,
    description: "A template to try",
    examples: [{ kind: "slack", template: { text: "{{ title }}: {{ page.url }}" } }],
  },
);

const TemplatePreview = Type.Object(
  {
    parts: Type.Record(Type.String(), Type.String(), {
      description: "What it makes, by part",
      examples: [{ text: "Pricing changed on Example Docs: https://docs.example.com/pricing" }],
    }),
  },
  { $id: "TemplatePreview", description: "What a template makes of an event" },
);

export const templatePreviewApi = ({ db, config }: Pick<App, "db" | "config">) =>
  new Elysia({ prefix: "/channels", tags: ["Channels"] }).use(permissions).post(
    "/template-preview",
    async ({ body: { kind, template, event_id: eventId }, request }) => ({
      parts: await previewOfEvent(db, viewerOf(request), { kind, template, eventId, publicUrl: config.PUBLIC_URL }),
    }),
    {
      permission: "read",
      body: PreviewRequest,
      response: { 200: TemplatePreview, ...problems(400, 404, 413, 415, 500, 503) },
      detail: {
        summary: "Try a template",
        description: `Renders a template without sending anything. One that is wrong is refused with the line and the column, as it is when a channel is made with it.\n\n${VARIABLES_DESCRIPTION}`,
      },
    },
  );

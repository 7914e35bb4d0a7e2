import { and, eq } from "drizzle-orm";
import { isOwnedBy, type Viewer } from "../access/viewer.ts";
import type { Db } from "../db/db.ts";
import { type ChannelKind, events } from "../db/schema/notifications.ts";
import { AppError } from "../errors.ts";
import { toMessage } from "./message.ts";
import { type MessageTemplate, previewTemplate } from "./template.ts";
import { SAMPLE_MESSAGE } from "./template-variables.ts";

export type PreviewRequest = {
  kind: ChannelKind;
  template: MessageTemplate;
  eventId?: string | undefined;
  /** As for messages that are sent. */
  publicUrl?: string | undefined;
};

/**
 * What a template makes of an event, or of a sample where none is named.
 * @throws AppError `invalid` with the line and what is wrong there; `not_found` for the event
 */
export async function previewOfEvent(
  db: Db,
  viewer: Viewer,
  { kind, template, eventId, publicUrl }: PreviewRequest,
): Promise<MessageTemplate> {
  if (eventId === undefined) return previewTemplate(kind, template, SAMPLE_MESSAGE);
  const [event] = await db
    .select()
    .from(events)
    .where(and(eq(events.id, eventId), isOwnedBy(viewer, events.userId)));
  if (!event) throw new AppError("not_found", `There is no event ${eventId}`);
  return previewTemplate(kind, template, toMessage(event, { publicUrl }));
}

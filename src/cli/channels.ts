import { LOCAL_VIEWER } from "../access/viewer.ts";
import { viewChannel, withoutUndefined } from "../api/channel-view.ts";
import { viewDelivery, viewDeliveryDetails } from "../api/delivery-view.ts";
import type { ChannelKind, ChannelTiming, DeliveryState } from "../db/schema/notifications.ts";
import { AppError } from "../errors.ts";
import {
  addChannel,
  type ChannelFields,
  changeChannel,
  deleteChannel,
  getChannel,
  listChannels,
  WANTED_TYPES,
} from "../notify/channels.ts";
import { listDeliveries, type ShownDelivery, testChannel } from "../notify/deliveries.ts";
import type { Channel } from "../notify/format.ts";
import { formatOf } from "../notify/formats.ts";
import { type AccessFlags, formatInstant, printList, withDatabase } from "./access-database.ts";
import type { ChannelAction } from "./channel-commands.ts";
import { writeError, writeOut } from "./terminal.ts";
import { addWebsiteId, getWebsiteId } from "./website-argument.ts";

const OVER_REST = "/api/v1/channels";

export type NewChannelFlags = AccessFlags & {
  website?: string;
  name?: string;
  types?: string;
  include?: string[];
  exclude?: string[];
  triggerText?: string[];
  minShare?: number;
  mode?: ChannelTiming["mode"];
  timeZone?: string;
  hour?: number;
  weekday?: number;
  secret?: string;
};

export async function listChannelsCommand(
  flags: AccessFlags & { website?: string; kind?: ChannelKind; state?: "enabled" | "disabled" },
): Promise<number> {
  const { json, website, kind, state } = flags;
  const isEnabled = state === undefined ? undefined : state === "enabled";
  return withDatabase(
    flags,
    async (app) => {
      const websiteId = website === undefined ? undefined : await getWebsiteId(app, website);
      const list = (after: string | undefined, limit: number) =>
        listChannels(app.db, { viewer: LOCAL_VIEWER, websiteId, kind, isEnabled, after, limit });
      return printList(list, { json, columns, view: viewChannel });
    },
    OVER_REST,
  );
}

export async function addChannelCommand(kind: ChannelKind, target: string, flags: NewChannelFlags): Promise<number> {
  const fields = { ...readFields(flags), kind, target: readTarget(target), secret: flags.secret };
  return withDatabase(
    flags,
    async (app) => {
      const websiteId = flags.website === undefined ? undefined : await addWebsiteId(app, flags.website);
      const channel = await addChannel(app, LOCAL_VIEWER, { ...fields, websiteId });
      const { secret } = channel;
      if (flags.json) return writeOut(`${JSON.stringify({ ...viewChannel(channel), secret })}\n`);
      await writeOut(`${describe(channel)}\n`);
      if (secret !== null) await writeOut(`Its secret, shown this once: ${secret}\n`);
    },
    OVER_REST,
  );
}

export async function testChannelCommand(id: string, flags: AccessFlags): Promise<number> {
  let isDelivered = false;
  await withDatabase(
    flags,
    async (app) => {
      const story = await testChannel(app, LOCAL_VIEWER, id, new AbortController().signal);
      const { delivery, attempts } = story;
      isDelivered = delivery.state === "delivered";
      if (flags.json) return writeOut(`${JSON.stringify(viewDeliveryDetails(story))}\n`);
      const { status, durationMs, answer } = attempts.at(-1) ?? { status: null, durationMs: 0, answer: null };
      await writeOut(`${delivery.state}  ${status ?? "no answer"}  ${durationMs} ms\n`);
      if (typeof answer?.body === "string" && answer.body !== "") await writeOut(`${answer.body}\n`);
      if (delivery.lastError !== null) writeError(`${delivery.lastError}\n`);
    },
    OVER_REST,
  );
  return isDelivered ? 0 : 1;
}

export async function settleChannelCommand(action: ChannelAction, id: string, flags: AccessFlags): Promise<number> {
  return withDatabase(
    flags,
    async (app) => {
      if (action !== "remove")
        return tell(await changeChannel(app, LOCAL_VIEWER, id, { isEnabled: action === "enable" }), flags);
      const channel = await getChannel(app.db, LOCAL_VIEWER, id);
      await deleteChannel(app.db, LOCAL_VIEWER, id);
      return tell(channel, flags, "removed");
    },
    OVER_REST,
  );
}

export async function listDeliveriesCommand(
  id: string,
  flags: AccessFlags & { state?: DeliveryState },
): Promise<number> {
  const { json, state } = flags;
  return withDatabase(
    flags,
    async ({ db }) => {
      const list = (after: string | undefined, limit: number) =>
        listDeliveries(db, LOCAL_VIEWER, id, { state, after, limit });
      return printList(list, { json, columns: deliveryColumns, view: viewDelivery });
    },
    OVER_REST,
  );
}

function readFields(flags: NewChannelFlags): ChannelFields {
  const { name, types, include, exclude, triggerText, minShare, mode, timeZone, hour, weekday } = flags;
  const timing = withoutUndefined({ mode, timeZone, hour, weekday });
  return {
    name,
    eventTypes: types === undefined ? undefined : readTypes(types),
    filter: withoutUndefined({ include, exclude, triggerText, minShare }),
    timing,
  };
}

function readTypes(text: string): ChannelFields["eventTypes"] {
  const names = text.split(",").map((name) => name.trim());
  return names.map((name) => {
    const type = WANTED_TYPES.find((each) => each === name);
    if (type) return type;
    throw new AppError("invalid", `--types must be some of ${WANTED_TYPES.join(", ")}, not ${name}`);
  });
}

function readTarget(text: string): Record<string, unknown> {
  if (!text.trimStart().startsWith("{")) return { url: text };
  try {
    const target: unknown = JSON.parse(text);
    if (typeof target === "object" && target !== null) return { ...target };
  } catch {
    // Told below.
  }
  throw new AppError("invalid", `The target must be a URL or a JSON object such as {"to":["me@example.com"]}`);
}

async function tell(channel: Channel, { json }: AccessFlags, what?: string): Promise<void> {
  const line = what ? `${channel.id}  ${what}` : describe(channel);
  await writeOut(json ? `${JSON.stringify(viewChannel(channel))}\n` : `${line}\n`);
}

const addressOf = ({ kind, target }: Channel) => formatOf(kind).describe(target);

function stateOf({ isEnabled, disabledReason, failingSince }: Channel): string {
  if (!isEnabled) return disabledReason ? `disabled: ${disabledReason}` : "disabled";
  return failingSince ? `failing since ${formatInstant(failingSince)}` : "enabled";
}

function describe(channel: Channel): string {
  const { id, kind, eventTypes, timing } = channel;
  return `${id}  ${kind} ${addressOf(channel)}  ${timing.mode}  ${eventTypes.join(",")}  ${stateOf(channel)}`;
}

const columns: Record<string, (channel: Channel) => string> = {
  ID: ({ id }) => id,
  KIND: ({ kind }) => kind,
  NAME: ({ name }) => name,
  ADDRESS: addressOf,
  WEBSITE: ({ websiteId }) => websiteId ?? "all",
  MODE: ({ timing }) => timing.mode,
  STATE: stateOf,
};

const deliveryColumns: Record<string, (delivery: ShownDelivery) => string> = {
  ID: ({ id }) => id,
  TYPE: ({ type }) => type,
  STATE: ({ state }) => state,
  ATTEMPTS: ({ attempts }) => String(attempts),
  STATUS: ({ lastStatus }) => String(lastStatus ?? "-"),
  CREATED: ({ createdAt }) => formatInstant(createdAt),
  NEXT: ({ nextAttemptAt }) => formatInstant(nextAttemptAt),
  ERROR: ({ lastError }) => lastError ?? "-",
};

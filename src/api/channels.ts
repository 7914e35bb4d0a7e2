import { Elysia, t } from "elysia";
import type { App } from "../app.ts";
import {
  addChannel,
  changeChannel,
  deleteChannel,
  getChannel,
  listChannels,
  rotateSecret,
} from "../notify/channels.ts";
import { listDeliveries, replayFailed, testChannel } from "../notify/deliveries.ts";
import {
  ChannelChange,
  ChannelPage,
  ChannelView,
  channelCursors,
  channelFilters,
  MadeChannelView,
  NewChannel,
  NewSecret,
  readChannelFields,
  viewChannel,
} from "./channel-view.ts";
import {
  DeliveryDetails,
  DeliveryPage,
  deliveryCursors,
  deliveryFilters,
  Replayed,
  viewDelivery,
  viewDeliveryDetails,
} from "./delivery-view.ts";
import { byId } from "./fields.ts";
import { idempotency } from "./idempotency.ts";
import { pagingQuery, readPage } from "./paging.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { signalOf, viewerOf } from "./request-context.ts";

const byChannelId = byId("channel");

/** The secret is not shown again, so that a repeated answer is without it. */
const SHOWN_ONCE = { hidden: ["secret"] };

export const channelsApi = (app: App) => {
  const { db, clock, config } = app;
  return new Elysia({ prefix: "/channels", tags: ["Channels"] })
    .use(permissions)
    .use(idempotency({ db, clock, config }))
    .post(
      "",
      async ({ body, request, status, set }) => {
        const { kind, target, website_id: websiteId, secret } = body;
        const fields = { ...readChannelFields(body), kind, target, websiteId, secret };
        const channel = await addChannel(app, viewerOf(request), fields);
        const view = viewChannel(channel);
        set.headers.location = view.links.self;
        return status(201, { ...view, secret: channel.secret });
      },
      {
        permission: "write",
        idempotent: SHOWN_ONCE,
        body: NewChannel,
        response: { 201: MadeChannelView, ...problems(400, 403, 404, 409, 413, 415, 422, 500, 503) },
        detail: {
          summary: "Make a channel",
          description:
            "It is told what happens from now on. The answer has the secret that a webhook is signed by, which can't be read again: a repetition under the same `Idempotency-Key` is answered without it.",
        },
      },
    )
    .get(
      "",
      async ({ query, request }) => {
        const { website_id: websiteId, user_id: userId, kind, enabled } = query;
        const isEnabled = enabled === undefined ? undefined : enabled === "true";
        const filter = { viewer: viewerOf(request), websiteId, userId, kind, isEnabled };
        return readPage(
          query,
          channelCursors,
          (limit, after) => listChannels(db, { ...filter, limit, after }),
          ({ id }) => id,
          viewChannel,
        );
      },
      {
        permission: "read",
        query: t.Object({ ...pagingQuery, ...channelFilters }),
        response: { 200: ChannelPage, ...problems(400, 404, 500, 503) },
        detail: { summary: "List channels" },
      },
    )
    .get("/:id", async ({ params, request }) => viewChannel(await getChannel(db, viewerOf(request), params.id)), {
      permission: "read",
      params: byChannelId,
      response: { 200: ChannelView, ...problems(400, 404, 500, 503) },
      detail: { summary: "Read a channel" },
    })
    .patch(
      "/:id",
      async ({ params, body, request }) => {
        const change = { ...readChannelFields(body), target: body.target };
        return viewChannel(await changeChannel(app, viewerOf(request), params.id, change));
      },
      {
        permission: "write",
        params: byChannelId,
        body: ChannelChange,
        response: { 200: ChannelView, ...problems(400, 403, 404, 413, 415, 500, 503) },
        detail: {
          summary: "Change a channel",
          description:
            "With `enabled` it is enabled and disabled too: what waits for one that is disabled is cancelled, and what happens meanwhile is not told later.",
        },
      },
    )
    .delete(
      "/:id",
      async ({ params, request, status }) => {
        await deleteChannel(db, viewerOf(request), params.id);
        return status(204, undefined);
      },
      {
        permission: "write",
        params: byChannelId,
        response: { 204: t.Void({ description: "It is gone" }), ...problems(400, 403, 404, 500, 503) },
        detail: { summary: "Delete a channel", description: "With all that is known of what was sent to it." },
      },
    )
    .post(
      "/:id/test",
      async ({ params, request }) =>
        viewDeliveryDetails(await testChannel(app, viewerOf(request), params.id, signalOf(request))),
      {
        permission: "write",
        params: byChannelId,
        response: { 200: DeliveryDetails, ...problems(400, 403, 404, 500, 503) },
        detail: {
          summary: "Test a channel",
          description: "Sends a message of type channel.test at once and tells what was sent and what came back.",
        },
      },
    )
    .post(
      "/:id/rotate-secret",
      async ({ params, body, request }) => {
        const channel = await rotateSecret(app, viewerOf(request), params.id, body.secret);
        return { ...viewChannel(channel), secret: channel.secret };
      },
      {
        permission: "write",
        idempotent: SHOWN_ONCE,
        params: byChannelId,
        body: NewSecret,
        response: { 200: MadeChannelView, ...problems(400, 403, 404, 409, 413, 415, 422, 500, 503) },
        detail: {
          summary: "Rotate a webhook's secret",
          description: "For 24 hours the former secret signs too, so that receivers can take the new one meanwhile.",
        },
      },
    )
    .get(
      "/:id/deliveries",
      async ({ params, query, request }) => {
        const viewer = viewerOf(request);
        const { state } = query;
        return readPage(
          query,
          deliveryCursors,
          (limit, after) => listDeliveries(db, viewer, params.id, { state, limit, after }),
          ({ id }) => id,
          viewDelivery,
        );
      },
      {
        permission: "read",
        params: byChannelId,
        query: t.Object({ ...pagingQuery, ...deliveryFilters }),
        response: { 200: DeliveryPage, ...problems(400, 404, 500, 503) },
        detail: { summary: "List what was sent to a channel" },
      },
    )
    .post(
      "/:id/replay-failed",
      async ({ params, request, status }) =>
        status(202, { deliveries: await replayFailed(app, viewerOf(request), params.id) }),
      {
        permission: "write",
        idempotent: true,
        params: byChannelId,
        response: { 202: Replayed, ...problems(400, 403, 404, 409, 422, 500, 503) },
        detail: {
          summary: "Send again what was given up",
          description: "Under the same ids, with as many attempts as new ones.",
        },
      },
    );
};

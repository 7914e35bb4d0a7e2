import { Elysia } from "elysia";
import type { App } from "../app.ts";
import { getDelivery, replayDelivery } from "../notify/deliveries.ts";
import { DeliveryDetails, DeliveryView, viewDelivery, viewDeliveryDetails } from "./delivery-view.ts";
import { byId } from "./fields.ts";
import { idempotency } from "./idempotency.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { viewerOf } from "./request-context.ts";

const byDeliveryId = byId("delivery");

export const deliveriesApi = ({ db, clock, config }: Pick<App, "db" | "clock" | "config">) =>
  new Elysia({ prefix: "/deliveries", tags: ["Channels"] })
    .use(permissions)
    .use(idempotency({ db, clock, config }))
    .get(
      "/:id",
      async ({ params, request }) => viewDeliveryDetails(await getDelivery(db, viewerOf(request), params.id)),
      {
        permission: "read",
        params: byDeliveryId,
        response: { 200: DeliveryDetails, ...problems(400, 404, 500, 503) },
        detail: { summary: "Read a delivery", description: "With what was sent and what came back, each time." },
      },
    )
    .post(
      "/:id/replay",
      async ({ params, request, status }) =>
        status(202, viewDelivery(await replayDelivery({ db, clock }, viewerOf(request), params.id))),
      {
        permission: "write",
        idempotent: true,
        params: byDeliveryId,
        response: { 202: DeliveryView, ...problems(400, 403, 404, 409, 422, 500, 503) },
        detail: {
          summary: "Send a delivery again",
          description: "Under the same id, whether it arrived before or not. A conflict while it is on its way.",
        },
      },
    );

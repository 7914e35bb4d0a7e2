import { Type } from "@sinclair/typebox";
import { defineJob } from "../jobs/kind.ts";

const OF_ITSELF = { queue: "notify", keepSeconds: 3_600, isUnique: true } as const;

/** By user. What it does is loaded when it is first done: those who write events down need none of it. */
export const notifyDispatch = defineJob({
  ...OF_ITSELF,
  name: "notify-dispatch",
  about: "Gives what happened to the channels that want it",
  payload: Type.Object({ userId: Type.String() }),
  retry: { limit: 5, delaySeconds: 1, maxDelaySeconds: 60 },
  timeoutSeconds: 300,
  run: async (app, { userId }, { signal }) => {
    const { dispatchEvents } = await import("./dispatch.ts");
    return dispatchEvents(app, userId, signal);
  },
});

/** By channel, so that one whose receiver hangs has no more than its share of a process. */
export const notifyDeliver = defineJob({
  ...OF_ITSELF,
  name: "notify-deliver",
  about: "Sends a channel what it is to be told",
  payload: Type.Object({ channelId: Type.String() }),
  // What is not delivered has a schedule of its own; this is for faults of ours.
  retry: { limit: 3, delaySeconds: 5, maxDelaySeconds: 60 },
  timeoutSeconds: 300,
  run: async (app, { channelId }, { signal }) => {
    const { deliverDue } = await import("./deliver.ts");
    return deliverDue(app, channelId, signal);
  },
});

/** Each minute. */
export const notifyDue = defineJob({
  ...OF_ITSELF,
  name: "notify-due",
  about: "Makes digests that are due, and finds deliveries that nothing moves on any more",
  payload: Type.Object({}),
  retry: { limit: 0, delaySeconds: 1, maxDelaySeconds: 1 },
  timeoutSeconds: 300,
  run: async (app, _payload, { signal }) => {
    const { makeDue } = await import("./due.ts");
    return makeDue(app, signal);
  },
});

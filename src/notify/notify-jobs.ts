import { Type } from "@sinclair/typebox";
import { defineJob } from "../jobs/kind.ts";

/**
 * Gives events to the channels that want them. It is not unique: while one runs, another may be needed for what was
 * committed after it looked. One that finds nothing is over at once.
 */
export const notifyDispatch = defineJob({
  name: "notify-dispatch",
  about: "Gives what happened to the channels that want it",
  queue: "control",
  payload: Type.Object({ userId: Type.String() }),
  retry: { limit: 5, delaySeconds: 1, maxDelaySeconds: 60 },
  timeoutSeconds: 300,
  keepSeconds: 3_600,
  run: async () => {},
});

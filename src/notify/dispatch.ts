import type { App } from "../app.ts";

/** Gives a user's events to the channels that want them. */
export async function dispatchEvents(_app: App, _userId: string, _signal: AbortSignal): Promise<{ events: number }> {
  return { events: 0 };
}

import type { App } from "../app.ts";

/** Sends what is due to a channel. */
export async function deliverDue(_app: App, _channelId: string, _signal: AbortSignal): Promise<{ delivered: number }> {
  return { delivered: 0 };
}

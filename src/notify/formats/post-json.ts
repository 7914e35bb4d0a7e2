import { isRetryableStatus } from "../../fetch/retry.ts";
import type { SendContext, Sent } from "../format.ts";
import { post } from "../post.ts";
import { cleanText, cut } from "./chat-text.ts";

export type JsonPost = { url: string; headers?: Record<string, string>; body: unknown };

/** What an answer means beyond its status, where a maker says more. */
export type AnswerRules = {
  /** For people: "Slack". */
  maker: string;
  /** Statuses by which the maker says that nobody is there to be told any more. */
  gone: readonly number[];
  /** Milliseconds to wait, as the body of a refusal says. */
  retryAfterMs?(body: unknown): number | undefined;
};

/** Posts JSON to a maker once: what it refuses is not sent again, unless it is for a while that it does so. */
export async function postJson(
  context: Pick<SendContext, "fetch" | "clock">,
  { url, headers, body }: JsonPost,
  { maker, gone, retryAfterMs }: AnswerRules,
  signal: AbortSignal,
): Promise<Sent> {
  const all = { ...headers, "content-type": "application/json" };
  const sent = await post(context, { url, headers: all, body: JSON.stringify(body) }, signal);
  const { status } = sent;
  if (sent.isDelivered || status === undefined) return sent;
  const said = String(sent.answer?.body ?? "");
  const shown = cut(cleanText(said), 200);
  const isGone = gone.includes(status);
  const isPermanent = isGone || !(status >= 500 || isRetryableStatus(status));
  return {
    ...sent,
    error: `${maker} answered ${status}${shown === "" ? "" : `: ${shown}`}`,
    ...{ isGone, isPermanent },
    retryAfterMs: isPermanent ? undefined : (sent.retryAfterMs ?? retryAfterMs?.(readJson(said))),
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

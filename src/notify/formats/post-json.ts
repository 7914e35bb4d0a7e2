import { FetchError } from "../../fetch/fetch.ts";
import { isRetryableStatus, parseRetryAfter } from "../../fetch/retry.ts";
import type { SendContext, Sent } from "../format.ts";
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

/** Answers are short; what is longer is somebody else's page. */
const MAX_ANSWER_BYTES = 64_000;
const MAX_KEPT = 1_000;

/** Posts JSON once, through the guard. Nothing is thrown for what the network or the receiver does. */
export async function postJson(
  { fetch, clock }: Pick<SendContext, "fetch" | "clock">,
  { url, headers, body }: JsonPost,
  rules: AnswerRules,
  signal: AbortSignal,
): Promise<Sent> {
  const sent = { ...headers, "content-type": "application/json" };
  const text = JSON.stringify(body);
  const request = { method: "POST", url, headers: sent, body };
  try {
    const options = { url, method: "POST" as const, headers: sent, body: text, maxBytes: MAX_ANSWER_BYTES, signal };
    const response = await fetch(options);
    const answerText = new TextDecoder().decode(response.body);
    const kept = cut(answerText, MAX_KEPT);
    const answer = { headers: Object.fromEntries(response.headers), body: kept };
    const verdict = judge(response.status, response.headers, answerText, rules, clock.now());
    return { request, status: response.status, answer, ...verdict };
  } catch (error) {
    if (!(error instanceof FetchError)) throw error;
    const isPermanent = !error.isRetryable && error.code !== "cancelled" && error.code !== "dns";
    return { request, error: error.message, isDelivered: false, isPermanent };
  }
}

function judge(
  status: number,
  headers: Headers,
  body: string,
  { maker, gone, retryAfterMs }: AnswerRules,
  now: Date,
): Omit<Sent, "request"> {
  if (status >= 200 && status < 300) return { isDelivered: true };
  const said = cut(cleanText(body), 200);
  const error = `${maker} answered ${status}${said === "" ? "" : `: ${said}`}`;
  const isGone = gone.includes(status);
  const isPermanent = isGone || !(status >= 500 || isRetryableStatus(status));
  const asked = parseRetryAfter(headers.get("retry-after"), now) ?? retryAfterMs?.(readJson(body));
  return { isDelivered: false, error, isPermanent, isGone, retryAfterMs: isPermanent ? undefined : asked };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import type { Clock } from "../clock.ts";
import type { Config } from "../config/settings.ts";
import type { Fetch } from "../fetch/fetch.ts";
import { createOperatorEndpoint, type OperatorEndpoint, underBase } from "../fetch/operator-endpoint.ts";
import { toPlainWords, toPrompt } from "./explanation-text.ts";
import { cut } from "./formats/chat-text.ts";

/** What changed on a page, all of it from the page. */
export type ChangedPage = { title: string; url: string; diff: string };

/** Puts changes into plain words by a language model. */
export type Explainer = {
  /**
   * One or two sentences; `undefined` while it is left alone after a failure.
   * @throws Error when there is no answer in time, or none that can be used
   */
  explain(page: ChangedPage, signal?: AbortSignal): Promise<string | undefined>;
  close(): void;
};

/** For one change; a message waits no longer for all of its changes together. */
export const EXPLAIN_TIMEOUT_MS = 15_000;
const MAX_ANSWER_BYTES = 262_144;
const MAX_TOKENS = 300;
/** After a failure the model is left alone for a while: messages do not wait for what is not there. */
const REST_MS = 30_000;
const MAX_REST_MS = 600_000;

const ANTHROPIC_URL = "https://api.anthropic.com/v1/messages";
const ANTHROPIC_VERSION = "2023-06-01";
const ANTHROPIC_MODEL = "claude-haiku-4-5";

type Endpoint = { url: string; headers: Record<string, string>; toBody(system: string, user: string): object };

type Parts = { clock: Clock; userAgent: string; fetch?: Fetch };

/**
 * The explainer that the settings name; `undefined` where there is none. It may be in this network, since the operator
 * names it, and its way out leads to that one host alone.
 */
export function openExplainer(config: Config, parts: Parts): Explainer | undefined {
  const endpoint = findEndpoint(config);
  if (!endpoint) return undefined;
  const { clock } = parts;
  const { url, headers } = endpoint;
  const asked = createOperatorEndpoint(
    { url, headers, timeoutMs: EXPLAIN_TIMEOUT_MS, maxAnswerBytes: MAX_ANSWER_BYTES },
    parts,
  );
  let restsUntil = 0;
  return {
    explain: async (page, signal) => {
      const now = clock.now();
      if (now.getTime() < restsUntil) return undefined;
      try {
        return await explainBy(asked, endpoint, page, signal);
      } catch (error) {
        const wantedMs = error instanceof RefusalError ? error.retryAfterMs : undefined;
        restsUntil = clock.now().getTime() + Math.min(Math.max(REST_MS, wantedMs ?? 0), MAX_REST_MS);
        throw error;
      }
    },
    close: asked.close,
  };
}

class RefusalError extends Error {
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs: number | undefined) {
    super(message);
    this.name = "RefusalError";
    this.retryAfterMs = retryAfterMs;
  }
}

async function explainBy(
  { post }: OperatorEndpoint,
  endpoint: Endpoint,
  page: ChangedPage,
  signal?: AbortSignal,
): Promise<string> {
  const { system, user } = toPrompt(page);
  const { status, text, retryAfterMs } = await post(endpoint.toBody(system, user), signal);
  if (status !== 200) throw new RefusalError(`The language model answered ${status}: ${cut(text, 200)}`, retryAfterMs);
  const words = toPlainWords(readAnswer(text) ?? "");
  if (words === "") throw new Error("The language model's answer holds no text");
  return words;
}

function findEndpoint(config: Config): Endpoint | undefined {
  const { EXPLAIN_URL, EXPLAIN_KEY, EXPLAIN_MODEL, ANTHROPIC_API_KEY } = config;
  if (EXPLAIN_URL !== undefined) {
    const url = underBase(EXPLAIN_URL, "chat/completions");
    // OpenAI's own takes the limit by another name; others mostly know the former one alone.
    const limit = new URL(url).hostname === "api.openai.com" ? "max_completion_tokens" : "max_tokens";
    return {
      url,
      headers: EXPLAIN_KEY === undefined ? {} : { authorization: `Bearer ${EXPLAIN_KEY}` },
      toBody: (system, user) => ({
        ...{ model: EXPLAIN_MODEL, stream: false, [limit]: MAX_TOKENS },
        messages: [
          { role: "system", content: system },
          { role: "user", content: user },
        ],
      }),
    };
  }
  if (ANTHROPIC_API_KEY === undefined) return undefined;
  return {
    url: ANTHROPIC_URL,
    headers: { "x-api-key": ANTHROPIC_API_KEY, "anthropic-version": ANTHROPIC_VERSION },
    toBody: (system, user) => ({
      ...{ model: EXPLAIN_MODEL ?? ANTHROPIC_MODEL, max_tokens: MAX_TOKENS, system },
      messages: [{ role: "user", content: user }],
    }),
  };
}

/** The text of an answer in either form; `undefined` for what is neither. */
function readAnswer(text: string): string | undefined {
  try {
    const answer = JSON.parse(text) as {
      content?: { type?: unknown; text?: unknown }[];
      choices?: { message?: { content?: unknown } }[];
    } | null;
    const said = answer?.content?.find(({ type }) => type === "text")?.text ?? answer?.choices?.[0]?.message?.content;
    return typeof said === "string" ? said : undefined;
  } catch {
    return undefined;
  }
}

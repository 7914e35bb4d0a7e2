import type { EndpointAnswer } from "../fetch/operator-endpoint.ts";

/** Of length 1. */
export type Embedding = Float32Array;

export type EmbeddingFailureCode =
  | "unreachable"
  | "timeout"
  | "rate_limited"
  /** Its settings are wrong: the key, the model's name, the path. */
  | "refused"
  /** It does not take these texts together, or one of them in one piece, or makes nothing of one. */
  | "unfit"
  | "unusable"
  | "resting";

/** Why there are no vectors, and when to ask again where the endpoint said so. */
export class EmbeddingError extends Error {
  constructor(
    readonly code: EmbeddingFailureCode,
    message: string,
    readonly retryAfterMs?: number,
  ) {
    super(message);
    this.name = "EmbeddingError";
  }
}

const SHOWN_CHARACTERS = 200;

/** Some say by 500 that a text is too long for the model's context, or that the model made of it what is no number. */
const UNFIT_WORDS =
  /too (?:large|long|many tokens)|context (?:length|size|window)|maximum (?:context|input|sequence)|unsupported value: NaN/i;

/** What an answer other than 200 says. */
export function toRefusal({ status, text, retryAfterMs }: EndpointAnswer): EmbeddingError {
  const message = `The endpoint answered ${status}${describeText(text)}`;
  if (status === 429) return new EmbeddingError("rate_limited", message, retryAfterMs);
  const isOfText = status === 400 || status === 413 || status === 422;
  if (isOfText || (status >= 500 && UNFIT_WORDS.test(text.slice(0, 2_000))))
    return new EmbeddingError("unfit", message);
  if (status >= 500 || status === 408 || status === 425)
    return new EmbeddingError(status === 503 ? "rate_limited" : "unreachable", message, retryAfterMs);
  return new EmbeddingError("refused", message);
}

function describeText(text: string): string {
  const words = text.slice(0, SHOWN_CHARACTERS).replace(/\s+/g, " ").trim();
  return words === "" ? "" : `: ${words}`;
}

/**
 * The vectors of an answer, normalised.
 * @throws EmbeddingError `unusable` for what is none of that many vectors of one size; `unfit` where one has no direction
 */
export function readEmbeddings(text: string, count: number): Embedding[] {
  const { data } = parseAnswer(text);
  if (data.length !== count) throw unusable(`${data.length} vectors for ${count} texts`);
  const vectors = new Array<Embedding | undefined>(count).fill(undefined);
  for (const [place, item] of data.entries()) {
    const { index = place, embedding } = (item ?? {}) as { index?: unknown; embedding?: unknown };
    const isPlace = typeof index === "number" && Number.isInteger(index) && index >= 0 && index < count;
    if (!isPlace || vectors[index] !== undefined) throw unusable("vectors that are not numbered as their texts are");
    vectors[index] = readVector(embedding);
  }
  const whole = vectors.filter((vector) => vector !== undefined);
  if (whole.some(({ length }) => length !== whole[0]?.length)) throw unusable("vectors of several sizes");
  return whole;
}

function parseAnswer(text: string): { data: unknown[] } {
  try {
    const answer = JSON.parse(text) as { data?: unknown } | null;
    if (Array.isArray(answer?.data)) return { data: answer.data };
  } catch {
    throw unusable("what is no JSON");
  }
  throw unusable("JSON without a list of vectors (data)");
}

function readVector(numbers: unknown): Embedding {
  if (!Array.isArray(numbers) || numbers.length === 0) throw unusable("what is no vector");
  let sum = 0;
  for (const number of numbers) {
    // JSON has no NaN, in place of which there is null.
    if (typeof number !== "number" && number !== null) throw unusable("a vector with what is no number in it");
    sum += number === null ? Number.NaN : number * number;
  }
  const length = Math.sqrt(sum);
  if (!Number.isFinite(length) || length < Number.EPSILON)
    // Models make such of single texts, for which the others must not wait.
    throw new EmbeddingError("unfit", "The endpoint answered with a vector without a direction");
  return Float32Array.from(numbers as number[], (number) => number / length);
}

const unusable = (what: string) => new EmbeddingError("unusable", `The endpoint answered with ${what}`);

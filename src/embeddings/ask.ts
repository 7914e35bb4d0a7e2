import type { Clock } from "../clock.ts";
import type { Embedder } from "./embedder.ts";
import { type Embedding, EmbeddingError } from "./embedding-answer.ts";

/** No text is cut shorter than this. */
const SHORTEST = 200;
/** Taken by whoever takes any text. */
export const PROBE = "Example";

type Context = { embedder: Embedder; clock: Clock };

/**
 * Vectors of passages, in their order; null for those that the endpoint takes in no length. What it does not take together
 * is sent by halves, and a single text is cut.
 * @throws EmbeddingError; the signal's reason
 */
export async function askForVectors(
  context: Context,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<(Embedding | null)[]> {
  const whole = await tryToEmbed(context, texts, signal);
  if (!(whole instanceof EmbeddingError)) return whole;
  const [text = ""] = texts;
  if (texts.length === 1) return [await askForCut(context, text, signal)];
  const middle = Math.ceil(texts.length / 2);
  const first = await askForVectors(context, texts.slice(0, middle), signal);
  const second = await askForVectors(context, texts.slice(middle), signal);
  const [one, other] = [first, second].map((vectors) => vectors.find((vector) => vector !== null)?.length);
  if (one !== undefined && other !== undefined && one !== other)
    throw new EmbeddingError("unusable", `The endpoint answered with vectors of ${one} and of ${other} numbers`);
  return [...first, ...second];
}

async function askForCut(context: Context, text: string, signal: AbortSignal): Promise<Embedding | null> {
  for (let length = Math.floor(text.length / 2); length >= SHORTEST; length = Math.floor(length / 2)) {
    // A pair of surrogates may be cut in two.
    const cut = await tryToEmbed(context, [text.slice(0, length).toWellFormed()], signal);
    if (!(cut instanceof EmbeddingError)) return cut[0] ?? null;
  }
  // What refuses everything was asked wrongly, and the text is not at fault.
  const probe = await tryToEmbed(context, [PROBE], signal);
  if (probe instanceof EmbeddingError) throw new EmbeddingError("refused", probe.message);
  return null;
}

/** The error where it is the texts that are at fault. */
async function tryToEmbed(
  { embedder, clock }: Context,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<Embedding[] | EmbeddingError> {
  for (let waitMs = embedder.takeTurn(); waitMs > 0; waitMs = embedder.takeTurn()) await clock.sleep(waitMs, signal);
  try {
    return await embedder.embed(texts, { signal });
  } catch (error) {
    if (error instanceof EmbeddingError && error.code === "unfit") return error;
    throw error;
  }
}

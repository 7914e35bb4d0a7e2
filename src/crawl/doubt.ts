import type { AnswerKind } from "../changes/answer.ts";

/** An answer that came with a status of success and looks like no content. */
export type Doubt = Exclude<AnswerKind, "content">;

/** Those that are none even of a page that was never seen; the others may be what the page is. */
export const isNeverContent = (doubt: Doubt) => doubt === "bot_wall" || doubt === "soft_404";

const DESCRIPTIONS: Record<Doubt, string> = {
  empty_page: "The page has no text any more",
  soft_404: "The page says that it is not there, with a status of success",
  bot_wall: "A wall against robots stands in place of the page",
  login_page: "A sign-in stands in place of the page",
};

export const describeDoubt = (doubt: Doubt) => DESCRIPTIONS[doubt];

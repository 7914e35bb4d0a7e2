import type { Survey } from "../survey.ts";

/** What the type of a page is told from. */
export type PageFacts = {
  survey: Survey;
  url: string;
  /** The page's JSON-LD blocks, parsed. */
  jsonLd: readonly unknown[];
};

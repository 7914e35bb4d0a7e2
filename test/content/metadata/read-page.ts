import { parseHtml } from "../../../src/content/dom.ts";
import { baseUrlOf } from "../../../src/content/links.ts";
import { type Metadata, type MetadataInput, readMetadata } from "../../../src/content/metadata/metadata.ts";
import { surveyPage } from "../../../src/content/survey.ts";

/** What a page says about itself, as if it had come from `https://a.example/docs/page`. */
export function readPage(html: string, input: Partial<MetadataInput> = {}): Metadata {
  const survey = surveyPage(parseHtml(html).root);
  const url = input.url ?? "https://a.example/docs/page";
  return readMetadata(survey, { url, baseUrl: baseUrlOf(survey, url), ...input });
}

/** A script with JSON-LD, from a value or from text as it stands. */
export function jsonLd(value: unknown): string {
  return `<script type="application/ld+json">${typeof value === "string" ? value : JSON.stringify(value)}</script>`;
}

export const prose =
  "Every night the spider takes her web down, eats the old silk, and spins a new one from it before the morning comes, " +
  "so that the threads are fresh and sticky when the first flies of the day set out across the garden and the pond.";

import { Type } from "@sinclair/typebox";
import { toViewer } from "../../access/principal.ts";
import { findSelectorFaults, toExtractOptions } from "../../crawl/extract-options.ts";
import { scrape } from "../../crawl/scrape.ts";
import { AppError } from "../../errors.ts";
import { shorten } from "../budget.ts";
import { agreeOnHost, followWithin } from "../hosts.ts";
import { describeRest, readPart } from "../readings.ts";
import { readUrl } from "../references.ts";
import { fence, NOTICE } from "../untrusted.ts";
import {
  AllowNewHost,
  Fields,
  Instant,
  MaxTokens,
  NextOffset,
  Notice,
  Nullable,
  Offset,
  OneOf,
  Text,
  Url,
} from "./fields.ts";
import { READS_WEB } from "./hints.ts";
import { defineTool } from "./tool.ts";

const Selector = Type.String({ minLength: 1, maxLength: 1_000 });
const Selectors = (description: string) => Type.Optional(Type.Array(Selector, { maxItems: 20, description }));

export const scrapeTool = defineTool({
  name: "scrape",
  title: "Fetch a page now",
  description:
    "Fetches one page from the web as it is now and gives its Markdown; nothing is kept. robots.txt is obeyed. For stored pages use get_document, which costs the website nothing. Reading on by offset fetches it again.",
  permission: "write",
  hints: READS_WEB,
  input: Fields({
    url: Url,
    content: OneOf(["main", "page"], { default: "main", description: "page: with its navigation and all" }),
    include_selectors: Selectors("Only what these CSS selectors match"),
    exclude_selectors: Selectors("Without what these match"),
    section: Type.Optional(Text("Its heading or anchor", 500)),
    offset: Offset,
    allow_new_host: AllowNewHost,
    max_tokens: MaxTokens(),
  }),
  output: Fields({
    notice: Notice,
    url: Type.String({ description: "After redirects" }),
    status: Type.Integer({ description: "HTTP status" }),
    fetched_at: Instant(),
    title: Nullable(Type.String()),
    language: Nullable(Type.String()),
    length: Type.Integer({ description: "Characters of the Markdown, or of the section" }),
    untrusted_text: Type.String({ description: "Markdown" }),
    next_offset: NextOffset,
  }),
  run: async (context, input, call) => {
    const { db, fetch } = context;
    const { offset, section, max_tokens: maxTokens } = input;
    const url = readUrl(input.url, "url");
    refuseBadSelectors(input);
    const viewer = toViewer(call.principal);
    await agreeOnHost(db, viewer, url, { call, isSaidToBeWanted: input.allow_new_host });
    using _place = call.enterScrape();
    await call.progress({ done: 0, total: 1, message: `Fetching ${url}` });
    const guarded = { ...context, fetch: followWithin(fetch, db, viewer, call) };
    const request = { url, ...toExtractOptions(input) };
    const { document, finalUrl, status, fetchedAt } = await scrape(guarded, request, call.signal);
    await call.progress({ done: 1, total: 1, message: "Fetched" });
    const reading = readPart(document, { offset, maxTokens, ...(section === undefined ? {} : { section }) });
    const { text, length, nextOffset } = reading;
    const title = document.title === null ? null : shorten(document.title, 300);
    return {
      structured: {
        ...{ notice: NOTICE, url: finalUrl, status, fetched_at: fetchedAt.toISOString(), title },
        ...{ language: document.language, length, untrusted_text: text, next_offset: nextOffset },
      },
      text: `${finalUrl} (status ${status}, fetched ${fetchedAt.toISOString()})\n${fence(text, finalUrl)}${describeRest(reading)}`,
    };
  },
});

function refuseBadSelectors(input: { include_selectors?: string[]; exclude_selectors?: string[] }): void {
  const faults = findSelectorFaults(input);
  if (faults[0]) throw new AppError("invalid", `${faults[0].at.slice(1)}: ${faults[0].message}`, { faults });
}

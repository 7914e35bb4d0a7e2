import { statSync } from "node:fs";
import { canonicalizeUrl } from "../crawl/url.ts";
import { AppError } from "../errors.ts";
import type { Fetch } from "../fetch/fetch.ts";
import { createFolderFetch, parseBaseUrl } from "../fetch/folder.ts";
import { findFolderSeeds } from "../fetch/folder-seeds.ts";

/** What a crawl reads: a website, or a folder that stands for one. */
export type CrawlSource = {
  /** Canonical. */
  url: string;
  /** Only with a folder. */
  folder?: { path: string; fetch: Fetch; seeds: () => AsyncGenerator<string> };
};

/** @throws AppError `invalid` for what is neither a URL nor a folder with its base URL */
export async function readSource(target: string, baseUrl: string | undefined): Promise<CrawlSource> {
  if (/^https?:/i.test(target)) {
    if (baseUrl !== undefined)
      throw new AppError("invalid", `--base-url is for folders, and ${target} is a URL; leave it out`);
    return { url: readUrl(target) };
  }
  if (!isFolder(target)) throw new AppError("invalid", describeTarget(target));
  if (baseUrl === undefined) {
    throw new AppError(
      "invalid",
      `${target} is a folder: say where its site lives with --base-url, as in --base-url https://docs.example.org/`,
    );
  }
  const base = parseBaseUrl(baseUrl);
  const folder = {
    path: target,
    fetch: await createFolderFetch(target, base.href),
    seeds: () => findFolderSeeds(target, base.href),
  };
  return { url: readUrl(base.href), folder };
}

function readUrl(text: string): string {
  const url = canonicalizeUrl(text, undefined, { mode: "keep" });
  if (url !== undefined) return url;
  throw new AppError(
    "invalid",
    `"${text}" can't be crawled: write an http or https URL without a password, as in https://docs.example.org/`,
  );
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function describeTarget(target: string): string {
  const isScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(target);
  if (isScheme) return `"${target}" can't be crawled: only http and https URLs and folders can`;
  const isHost = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?(?:\/|$)/i.test(target) || target.startsWith("localhost");
  const mend = isHost
    ? `write https://${target} if it is a website`
    : "write a URL, as in https://docs.example.org/, or a folder that exists";
  return `"${target}" is neither a URL nor a folder: ${mend}`;
}

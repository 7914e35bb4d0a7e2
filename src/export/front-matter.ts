export type FrontMatter = {
  url: string;
  title: string | null;
  description: string | null;
  fetchedAt: Date;
  status: number;
  contentHash: string;
  language: string | null;
  pageType: string | null;
};

/** YAML front matter and its fences; what is not known is left out. */
export function writeFrontMatter(page: FrontMatter): string {
  const lines = [`url: ${quote(page.url)}`];
  if (page.title) lines.push(`title: ${quote(page.title)}`);
  if (page.description) lines.push(`description: ${quote(page.description)}`);
  lines.push(`fetched_at: ${quote(page.fetchedAt.toISOString())}`);
  lines.push(`status: ${page.status}`);
  lines.push(`content_hash: ${quote(page.contentHash)}`);
  if (page.language) lines.push(`language: ${quote(page.language)}`);
  if (page.pageType) lines.push(`page_type: ${page.pageType}`);
  return `---\n${lines.join("\n")}\n---\n\n`;
}

/** The URL of the page that a file was made from, by the file's beginning; `undefined` when it is no file of ours. */
export function findPageUrl(beginning: string): string | undefined {
  const [, quoted] = /^---\nurl: (".*")\n/.exec(beginning) ?? [];
  if (quoted === undefined) return undefined;
  try {
    return JSON.parse(quoted);
  } catch {
    return undefined;
  }
}

/**
 * A double-quoted scalar of YAML: JSON's string is one, but for characters that YAML does not print (§5.1) or that
 * version 1.1 takes for line breaks.
 */
function quote(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** `llms.txt` as programs read it. */
export type ParsedLlmsTxt = {
  title: string;
  summary: string | undefined;
  info: string;
  sections: Map<string, { title: string; url: string; notes: string | undefined }[]>;
};

/**
 * Reads `llms.txt` as the specification's own parser does (llms_txt.core.parse_llms_file): by the same patterns, so that it
 * gives up where that one does. Beside it the rules that the specification has in words.
 * @throws Error for whatever the parser or the specification does not take
 */
export function parseLlmsTxt(text: string): ParsedLlmsTxt {
  const [start = "", ...rest] = text.split(/^##[^\S\n]*(.*?$)/m);
  const sections: ParsedLlmsTxt["sections"] = new Map();
  for (let at = 0; at < rest.length; at += 2) {
    const [name = "", list = ""] = rest.slice(at, at + 2);
    if (name.trim() === "" || sections.has(name))
      throw new Error(`Section ${JSON.stringify(name)} has no name of its own`);
    sections.set(name, readLinks(name, list));
  }
  const head = /^#\s*(?<title>.+?$)\n+(?:^>\s*(?<summary>.+?$)$)?\n+(?<info>.*)/ms.exec(start.trim());
  if (!head?.groups) throw new Error(`There is no head in ${JSON.stringify(start)}`);
  const { title = "", summary, info = "" } = head.groups;
  checkRules(text, [...sections.keys()]);
  return { title, summary, info, sections };
}

function readLinks(section: string, list: string) {
  return list
    .trim()
    .split(/\n+/)
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const found = /-\s*\[(?<title>[^\]]+)\]\((?<url>[^)]+)\)(?::\s*(?<notes>.*))?/.exec(line);
      if (!found?.groups) throw new Error(`A line of ${section} is no link: ${line}`);
      const { title = "", url = "", notes } = found.groups;
      // What the pattern leaves over would be lost.
      if (found[0] !== line) throw new Error(`A line of ${section} is more than a link: ${line}`);
      if (!URL.canParse(url)) throw new Error(`${url} is no absolute URL`);
      return { title, url, notes };
    });
}

function checkRules(text: string, sections: readonly string[]): void {
  const lines = text.split("\n");
  const headings = lines.filter((line) => /^ {0,3}#{1,6}(?:\s|$)/.test(line));
  const [first, ...others] = headings;
  if (lines[0] !== first || !first?.startsWith("# "))
    throw new Error("It does not begin with a heading of the first level");
  for (const heading of others) if (!heading.startsWith("## ")) throw new Error(`There is another heading: ${heading}`);
  const optional = sections.indexOf("Optional");
  if (optional >= 0 && optional !== sections.length - 1) throw new Error("What is optional is not the last");
  if (lines.filter((line) => line.startsWith(">")).length > 1) throw new Error("The summary is more than a line");
  // As Markdown reads it there are as many links as as the patterns found.
  const html = Bun.markdown.html(text);
  const links = [...html.matchAll(/<li><a href="[^"]*">/g)].length;
  const items = lines.filter((line) => line.startsWith("- [")).length;
  if (links !== items) throw new Error(`${items} lines are ${links} links as Markdown`);
  if ([...html.matchAll(/<h[1-6]/g)].length !== headings.length) throw new Error("Some text is a heading as Markdown");
}

/** Markdown as a page of its own; HTML inside it is shown as text, so that nothing of the page's own runs or loads. */
export function toHtml(markdown: string, about: { title: string; language: string | null; url: string }): string {
  const body = Bun.markdown.html(markdown, {
    tables: true,
    strikethrough: true,
    tasklists: true,
    noHtmlBlocks: true,
    noHtmlSpans: true,
  });
  const lang = about.language === null ? "" : ` lang="${Bun.escapeHTML(about.language)}"`;
  return `<!doctype html>
<html${lang}>
<head>
<meta charset="utf-8">
<title>${Bun.escapeHTML(about.title)}</title>
<link rel="canonical" href="${Bun.escapeHTML(about.url)}">
</head>
<body>
${body}</body>
</html>
`;
}

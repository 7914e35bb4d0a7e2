import { findDestinations } from "./scan.ts";

/**
 * Passes the destination of every inline link, image, autolink and reference definition through `rewrite`. Code is left
 * alone, and so is every byte that is no destination. `rewrite` sees the URL as the Markdown means it, without escapes.
 */
export function rewriteLinks(markdown: string, rewrite: (url: string) => string): string {
  let out = "";
  let from = 0;
  for (const { start, end, form } of findDestinations(markdown)) {
    const written = markdown.slice(start, end);
    const url = form === "autolink" ? written : withoutEscapes(written);
    const changed = rewrite(url);
    if (changed === url) continue;
    if (form === "autolink") {
      // Between angle brackets only an absolute URL is a link: anything else needs the long form.
      const isAbsolute = /^[a-z][a-z\d+.-]{1,31}:[^\s<>]*$/i.test(changed);
      const link = isAbsolute ? `<${changed}>` : `[${escapeLabel(changed)}](${writeDestination(changed)})`;
      out += markdown.slice(from, start - 1) + link;
      from = end + 1;
    } else {
      out += markdown.slice(from, start) + (form === "pointed" ? writePointed(changed) : writeDestination(changed));
      from = end;
    }
  }
  return from === 0 ? markdown : out + markdown.slice(from);
}

function withoutEscapes(destination: string): string {
  if (!/[\\&]/.test(destination)) return destination;
  return destination.replace(/\\([!-/:-@[-`{-~])|&amp;/g, (_, char: string | undefined) => char ?? "&");
}

function writeDestination(url: string): string {
  if (url === "" || /[\s<>]/.test(url) || hasControl(url)) return `<${writePointed(url)}>`;
  return url.replace(/[\\()]|&(?=[#a-z\d]{1,32};)/gi, (char) => `\\${char}`);
}

function writePointed(url: string): string {
  return url.replace(/[\n\r]/g, "%0A").replace(/[\\<>]|&(?=[#a-z\d]{1,32};)/gi, (char) => `\\${char}`);
}

function escapeLabel(text: string): string {
  return text.replace(/[\\[\]`*_<&]/g, (char) => `\\${char}`);
}

function hasControl(url: string): boolean {
  for (let at = 0; at < url.length; at++) if (url.charCodeAt(at) <= 32 || url.charCodeAt(at) === 127) return true;
  return false;
}

import { attribute, type Element, findElement, hasClass, lineOf } from "../dom.ts";
import { InlineWriter } from "./inline-writer.ts";
import type { Page } from "./page.ts";
import { destination, linkTitle } from "./urls.ts";

const lazyNames = ["data-src", "data-original", "data-lazy-src", "data-lazy", "data-original-src", "data-actualsrc"];
const lazySets = ["data-srcset", "data-lazy-srcset", "srcset"];
const placeholder =
  /(?:^data:|^about:|\b(?:placeholder|spacer|blank|transparent|pixel|lazy[-_]?load|grey|loading)\.(?:gif|png|svg|jpe?g|webp)$)/i;

export function writeImage(page: Page, image: Element): void {
  const alt = attribute(image, "alt") ?? "";
  if (/emoji/.test(attribute(image, "class") ?? "") && alt !== "" && alt.length < 20) {
    page.inline.text(alt);
    return;
  }
  if (!page.hasImages) return;
  if (isTiny(image) || (alt === "" && hasClass(image, "avatar"))) return;
  const source = imageSource(image);
  const url = source === undefined ? undefined : page.resolve(source);
  if (url === undefined || !/^https?:/.test(url)) return;
  // A lazy image has a twin for browsers without scripts.
  if (url === page.lastImage && (isForScriptless(image) || isLazy(image))) return;
  page.lastImage = url;
  page.inline.raw(`![${plainText(alt)}](${destination(url)}${linkTitle(attribute(image, "title"))})`);
}

/** Writes what plays in a frame or a player as a link to it. */
export function writePlayer(page: Page, element: Element): void {
  if (!page.hasLinks) return;
  if (isTiny(element)) return;
  const inner = findElement(element, "source");
  const source = sourceOf(element) ?? (inner && sourceOf(inner));
  const url = source && page.resolve(source);
  if (!url || !/^https?:/.test(url)) return;
  const names: Record<string, string> = {
    video: "Video",
    audio: "Audio",
    iframe: "Embedded page",
    embed: "Embedded file",
    "lite-youtube": "Video",
  };
  const title = attribute(element, "title") ?? attribute(element, "aria-label") ?? attribute(element, "playlabel");
  const label = title?.trim() ? title : (names[element.name] ?? "Embedded file");
  page.inline.space();
  page.inline.raw(`[${plainText(label)}](${destination(url)})`);
  page.inline.space();
}

const playerSources = ["src", "data-src", "data-lazy-src", "data-litespeed-src", "data"];

function sourceOf(element: Element): string | undefined {
  if (element.name === "lite-youtube") {
    const video = attribute(element, "videoid");
    return video && `https://www.youtube.com/watch?v=${encodeURIComponent(video)}`;
  }
  for (const name of playerSources) {
    const value = attribute(element, name);
    if (value && !/^(?:about|data|blob):/.test(value)) return value;
  }
  return undefined;
}

/** What counts visitors, and is not there to be seen. */
function isTiny(element: Element): boolean {
  const width = attribute(element, "width");
  const height = attribute(element, "height");
  return width === "1" || width === "0" || height === "1" || height === "0";
}

/** Text of an attribute as Markdown on one line, fit to stand between brackets. */
function plainText(value: string): string {
  const writer = new InlineWriter();
  writer.isOneLine = true;
  writer.begin({ kind: "link", open: "", close: "" });
  writer.text(value);
  return writer.take();
}

function imageSource(image: Element): string | undefined {
  for (const name of lazyNames) {
    const value = attribute(image, name)?.trim();
    if (value && !value.startsWith("data:")) return value;
  }
  const source = attribute(image, "src")?.trim();
  if (source && !placeholder.test(source.slice(0, 2000))) return source;
  for (const name of lazySets) {
    const value = attribute(image, name);
    const best = value && largestOf(value);
    if (best) return best;
  }
  return pictureSource(image) ?? (source && !placeholder.test(source.slice(0, 2000)) ? source : undefined);
}

function isForScriptless(image: Element): boolean {
  let above = image.parent;
  for (let levels = 0; above && levels < 4; levels++) {
    if (above.name === "noscript") return true;
    above = above.parent;
  }
  return false;
}

function isLazy(image: Element): boolean {
  return attribute(image, "loading") === "lazy" || lazyNames.some((name) => attribute(image, name) !== undefined);
}

/** Sources a picture is looked through for. */
const maxSources = 20;

function pictureSource(image: Element): string | undefined {
  const picture = image.name === "picture" ? image : image.parent;
  if (picture?.name !== "picture") return undefined;
  for (const child of picture.children.slice(0, maxSources)) {
    if (child.type !== "element" || child.name !== "source") continue;
    const set = attribute(child, "srcset") ?? attribute(child, "data-srcset");
    const best = set && largestOf(set);
    if (best) return best;
  }
  return undefined;
}

/** The widest candidate of a `srcset` (HTML standard, section 4.8.4.2.1), the first among equals. */
function largestOf(set: string): string | undefined {
  let best: string | undefined;
  let bestSize = -1;
  // URLs may hold commas: only a comma after a descriptor or before white space ends a candidate.
  for (const candidate of set.split(/,\s+|(?<=\s[\d.]{1,9}[wx]),/)) {
    const [url, descriptor = "1x"] = candidate.trim().split(/\s+/);
    const size = Number.parseFloat(descriptor);
    if (!url || url.startsWith("data:") || !(size > bestSize)) continue;
    best = url;
    bestSize = size;
  }
  return best;
}

/** A `<picture>` without an `<img>`. */
export function writePicture(page: Page, picture: Element): boolean {
  if (findElement(picture, "img")) return false;
  if (!page.hasImages) return true;
  const source = pictureSource(picture);
  const url = source && page.resolve(source);
  if (url) page.inline.raw(`![](${destination(url)})`);
  return true;
}

/** Text shown in place of an icon that carries meaning, if it has one. */
export function labelOf(element: Element): string {
  if (hasClass(element, "sr-only")) return lineOf(element);
  return (attribute(element, "aria-label") ?? attribute(element, "title") ?? "").trim();
}

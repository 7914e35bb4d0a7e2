import type { Element } from "../dom.ts";

/** What an element's attributes hint at, as bits; each is only a reason to look closer. */
export const trait = {
  /** Marks of the page around a text: permalinks, copy buttons, line numbers beside code. */
  chrome: 1,
  formula: 2,
  drawnFormula: 4,
  box: 8,
  notes: 16,
  tabs: 32,
  editor: 64,
  screenReader: 128,
  grid: 256,
  title: 512,
  hidden: 1024,
  ariaHidden: 2048,
  role: 4096,
  id: 8192,
  styled: 16_384,
  checkbox: 32_768,
  signature: 65_536,
} as const;

const words = new Map<string, number>();

function hint(bit: number, names: string): void {
  for (const name of names.split(" ")) words.set(name, (words.get(name) ?? 0) | bit);
}

hint(
  trait.chrome,
  "headerlink hash-link header-anchor heading-anchor anchorjs-link anchor-link headinglink permalink subheading-anchor " +
    "zola-anchor td-heading-self-link doc-anchor copybtn copy-button copy-btn btn-copy clipboard-copy clipboard-button " +
    "zeroclipboard-container mw-editsection mw-jump-link noprint MathJax_Preview katex-html mjx-chtml headerlink-icon " +
    "sl-anchor-link skip-link skip-to-content line-numbers-wrapper line-numbers-rows language-name code-block-language " +
    "crayon-toolbar crayon-info enlighter-origin lang md-content__button confluence-information-macro-icon " +
    "callout-icon-container",
);
hint(
  trait.formula,
  "math katex katex-display mwe-math-element arithmatex math-container math-inline math-display stemblock tex latex " +
    "ql-img-inline-formula mwe-math-fallback-image-inline mwe-math-fallback-image-display",
);
hint(
  trait.drawnFormula,
  "MathJax MathJax_Display MathJax_CHTML MathJax_SVG MathJax_Preview MathJax_SVG_Display MJXc-display MJX_Assistive_MathML",
);
hint(
  trait.box,
  "admonition theme-admonition markdown-alert custom-block alert callout starlight-aside admonitionblock hint notecard " +
    "callout-block bd-callout aside docs-callout nextra-callout confluence-information-macro usa-alert notion-callout " +
    "book-hint gdoc-hint ak-editor-panel c-callout message hint-info hint-warning hint-danger hint-success " +
    "note tip important warning caution danger NOTE TIP IMPORTANT WARNING CAUTION " +
    "info abstract summary question example todo success failure bug seealso attention error",
);
hint(trait.tabs, "tabbed-labels tabbed-block tabs blocks nav-tabs nav-pills tab-pane");
hint(trait.editor, "CodeMirror cm-editor monaco-editor ace_editor crayon-syntax syntaxhighlighter enlighter-default");
hint(
  trait.screenReader,
  "sr-only visually-hidden visuallyhidden screen-reader-text screen-reader-only assistive-text u-visually-hidden",
);
hint(trait.grid, "summary-table");
hint(trait.title, "topic-title sidebar-title");
hint(trait.checkbox, "checkbox-on checkbox-off");
hint(trait.signature, "member-signature type-signature");

/** Of the page being written: the same few class names come again and again in it. */
const known = new Map<string, number>();
const maxNamesLength = 2000;
const hiddenStyle = /(?:^|[;\s])(?:display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden)/i;
const fontStyle = /font-weight|font-style|line-through|white-space/i;

/** Looks at each attribute once; a `style` only where its text is to be written. */
export function traitsOf({ attributes }: Element, isWritten = true): number {
  let traits = 0;
  for (let at = 0; at < attributes.length; at += 2) {
    const value = attributes[at + 1] ?? "";
    switch (attributes[at]) {
      case "class":
        traits |= traitsOfNames(value);
        break;
      case "style":
        if (!isWritten || value.length > maxNamesLength) break;
        if (hiddenStyle.test(value)) traits |= trait.hidden;
        if (fontStyle.test(value)) traits |= trait.styled;
        break;
      case "hidden":
        if (value !== "until-found") traits |= trait.hidden;
        break;
      case "aria-hidden":
        if (value === "true") traits |= trait.ariaHidden;
        break;
      case "role":
        traits |= trait.role;
        break;
      case "id":
        traits |= trait.id;
        break;
      case "data-callout":
      case "data-callout-type":
      case "data-panel-type":
        traits |= trait.box;
        break;
      case "data-toggle":
      case "data-bs-toggle":
      case "data-component-part":
        traits |= trait.tabs;
        break;
      case "data-footnotes":
        traits |= trait.notes;
        break;
    }
  }
  return traits;
}

/** Lets go of the page before, whose class names are pieces of it. */
export function forgetNames(): void {
  known.clear();
}

function traitsOfNames(names: string): number {
  if (names.length < 3 || names.length > maxNamesLength) return 0;
  const found = known.get(names);
  if (found !== undefined) return found;
  let traits = names.includes("note") || names.includes("references") || names.includes("citation") ? trait.notes : 0;
  let start = 0;
  for (let at = 0; at <= names.length; at++) {
    // Any character up to the space ends a name.
    if (at < names.length && names.charCodeAt(at) > 32) continue;
    if (at - start > 2) traits |= words.get(names.slice(start, at)) ?? 0;
    start = at + 1;
  }
  known.set(names, traits);
  return traits;
}

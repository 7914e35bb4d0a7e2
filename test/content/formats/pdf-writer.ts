/** Text at a place of a page: points from the left and from the bottom. */
export type Placed = {
  text: string;
  x: number;
  y: number;
  size?: number;
  font?: "body" | "bold" | "code";
  /** Makes it a link. */
  url?: string;
};

export type PdfShape = {
  pages: Placed[][];
  info?: Record<string, string>;
  outline?: string[];
  language?: string;
  /** Objects in place of the first page's text: how it is packed, and its bytes. */
  content?: { filter: string; bytes: Uint8Array };
  /** Further entries of the trailer, such as an encryption that nobody has the key of. */
  trailer?: string;
};

const fonts = { body: "F1", bold: "F2", code: "F3" };

/** A small PDF 1.7 of our own making, the same for the same shape. Text is in WinAnsi letters only. */
export function writePdf({
  pages,
  info = {},
  outline = [],
  language,
  content,
  trailer = "",
}: PdfShape): Uint8Array<ArrayBuffer> {
  const objects: (string | Uint8Array)[][] = [];
  const add = (...parts: (string | Uint8Array)[]) => objects.push(parts);
  const reserve = () => add("null");

  const catalog = reserve();
  const tree = reserve();
  for (const name of ["Helvetica", "Helvetica-Bold", "Courier"]) {
    add(`<< /Type /Font /Subtype /Type1 /BaseFont /${name} /Encoding /WinAnsiEncoding >>`);
  }
  const infoAt = add(
    `<< ${Object.entries(info)
      .map(([name, value]) => `/${name} ${literal(value)}`)
      .join(" ")} >>`,
  );
  const kids = pages.map((texts, at) => {
    const own = at === 0 ? content : undefined;
    const bytes = own?.bytes ?? latin1(texts.map(draw).join("\n"));
    const stream = add(
      `<< /Length ${bytes.length} ${own ? `/Filter ${own.filter}` : ""} >>\nstream\n`,
      bytes,
      "\nendstream",
    );
    const links = texts.filter(({ url }) => url !== undefined).map((text) => add(link(text)));
    const resources = `<< /Font << /F1 3 0 R /F2 4 0 R /F3 5 0 R >> >>`;
    return add(
      `<< /Type /Page /Parent ${tree} 0 R /MediaBox [0 0 600 800] /Contents ${stream} 0 R /Resources ${resources} ` +
        `/Annots [${links.map((number) => `${number} 0 R`).join(" ")}] >>`,
    );
  });
  const outlines = outline.length > 0 ? writeOutline(outline, add, objects.length + 1, kids[0] ?? 0) : undefined;
  const extra = `${outlines ? `/Outlines ${outlines} 0 R` : ""} ${language ? `/Lang ${literal(language)}` : ""}`;
  objects[catalog - 1] = [`<< /Type /Catalog /Pages ${tree} 0 R ${extra} >>`];
  objects[tree - 1] = [
    `<< /Type /Pages /Count ${kids.length} /Kids [${kids.map((number) => `${number} 0 R`).join(" ")}] >>`,
  ];
  return assemble(objects, `/Root ${catalog} 0 R /Info ${infoAt} 0 R ${trailer}`);
}

function writeOutline(titles: string[], add: (...parts: string[]) => number, first: number, page: number): number {
  const root = first + titles.length;
  titles.forEach((title, at) => {
    const next = at < titles.length - 1 ? `/Next ${first + at + 1} 0 R` : "";
    add(`<< /Title ${literal(title)} /Parent ${root} 0 R ${next} /Dest [${page} 0 R /Fit] >>`);
  });
  return add(`<< /Type /Outlines /First ${first} 0 R /Last ${root - 1} 0 R /Count ${titles.length} >>`);
}

function draw({ text, x, y, size = 10, font = "body" }: Placed): string {
  return `BT /${fonts[font]} ${size} Tf 1 0 0 1 ${x} ${y} Tm ${literal(text)} Tj ET`;
}

function link({ text, x, y, size = 10, url = "" }: Placed): string {
  const right = x + 0.55 * size * text.length;
  return `<< /Type /Annot /Subtype /Link /Rect [${x} ${y - 2} ${right} ${y + size}] /A << /S /URI /URI ${literal(url)} >> >>`;
}

function literal(text: string): string {
  return `(${text.replace(/[\\()]/g, "\\$&").replaceAll("•", "\\225")})`;
}

function assemble(objects: (string | Uint8Array)[][], trailer: string): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const push = (part: string | Uint8Array) => {
    const bytes = typeof part === "string" ? latin1(part) : part;
    chunks.push(bytes);
    length += bytes.length;
  };
  push("%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n");
  const offsets = objects.map((parts, at) => {
    const offset = length;
    for (const part of [`${at + 1} 0 obj\n`, ...parts, "\nendobj\n"]) push(part);
    return offset;
  });
  const start = length;
  push(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`);
  for (const offset of offsets) push(`${String(offset).padStart(10, "0")} 00000 n \n`);
  push(`trailer\n<< /Size ${objects.length + 1} ${trailer} >>\nstartxref\n${start}\n%%EOF\n`);
  return new Uint8Array(Buffer.concat(chunks));
}

function latin1(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

const lineHeight = 12;

/** A paragraph, cut into lines as they come; `top` is the first baseline. */
export function setLines(lines: string[], x: number, top: number, over: Partial<Placed> = {}): Placed[] {
  return lines.map((text, at) => ({ text, x, y: top - at * lineHeight, ...over }));
}

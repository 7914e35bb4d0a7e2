import type { DocumentDecoration } from "elysia";
import { OneOf } from "./fields.ts";

/** Lists that are also given whole, for other programs. */
export const EXPORT_TYPES = { json: "application/json", csv: "text/csv", jsonl: "application/jsonl" } as const;
export type ExportFormat = keyof typeof EXPORT_TYPES;

export const ExportFormatField = OneOf(Object.keys(EXPORT_TYPES) as ExportFormat[], {
  description:
    "Goes before the Accept header. `csv` and `jsonl` give all that is meant at once, whatever `limit` and `cursor` say",
  examples: ["csv"],
});

/** Marks a route whose list can be had whole, for the OpenAPI document, which has these types of it then. */
export const EXPORT_FIELD = "x-export";
export const EXPORTABLE = { [EXPORT_FIELD]: true } as DocumentDecoration;
export const EXPORTED = {
  [EXPORT_TYPES.csv]: { schema: { type: "string" } },
  [EXPORT_TYPES.jsonl]: { schema: { type: "string" } },
};

/** What a cell may hold; texts come from strangers. */
type Cell = string | number | boolean | null;

export type ExportForm<Row> = {
  /** Of the file that a browser makes of it, without its ending. */
  name: string;
  columns: Record<string, (row: Row) => Cell>;
  view: (row: Row) => object;
};

/** Begins what a spreadsheet would take for a formula (CWE-1236). A text that goes on over several lines counts as well. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/** Rows as they come, batch by batch, so that there may be any number of them. */
export async function streamExport<Row>(
  batches: AsyncGenerator<Row[]>,
  format: Exclude<ExportFormat, "json">,
  form: ExportForm<Row>,
): Promise<Response> {
  const texts = writeExport(batches, format, form);
  // What is wrong with the request shows with the first rows, when it can still be answered.
  const first = await texts.next();
  const encoder = new TextEncoder();
  let next: typeof first | undefined = first;
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { value, done } = next ?? (await texts.next());
      next = undefined;
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: async () => {
      await texts.return();
    },
  });
  return new Response(body, {
    headers: {
      "content-type": format === "csv" ? `${EXPORT_TYPES.csv}; charset=utf-8; header=present` : EXPORT_TYPES.jsonl,
      "content-disposition": `attachment; filename="${form.name}.${format}"`,
      "cache-control": "private, no-cache, no-transform",
      vary: "accept",
    },
  });
}

/** The same as texts, for whatever writes them. */
export async function* writeExport<Row>(
  batches: AsyncGenerator<Row[]>,
  format: Exclude<ExportFormat, "json">,
  { columns, view }: ExportForm<Row>,
): AsyncGenerator<string, void> {
  if (format === "jsonl") {
    for await (const rows of batches) yield rows.map((row) => `${JSON.stringify(view(row))}\n`).join("");
    return;
  }
  const { default: papa } = await import("papaparse");
  const write = (lines: Cell[][]) => `${papa.unparse(lines, { escapeFormulae: FORMULA, newline: "\r\n" })}\r\n`;
  yield write([Object.keys(columns)]);
  const cells = Object.values(columns);
  for await (const rows of batches) yield write(rows.map((row) => cells.map((cell) => cell(row))));
}

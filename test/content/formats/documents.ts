import type { Document, DocumentInput } from "../../../src/content/document.ts";
import { readDocument } from "../../../src/content/to-document.ts";

/** The document of a body as if it had come from `https://a.example/files/` under that name. */
export function readFile(
  name: string,
  body: string | Uint8Array<ArrayBuffer>,
  contentType: string | null = null,
  options: Partial<DocumentInput> = {},
): Promise<Document> {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const input: DocumentInput = { url: `https://a.example/files/${name}`, body: bytes, contentType, ...options };
  return readDocument(input);
}

/** Lines joined, with the line feed that all Markdown ends in. */
export const lines = (...texts: string[]) => `${texts.join("\n")}\n`;

import { readFileSync } from "node:fs";
import firstPath from "./main/first-look.bin" with { type: "file" };
import { type Forest, readForest } from "./main/forest.ts";
import secondPath from "./main/second-look.bin" with { type: "file" };
import typesPath from "./page-type/model.bin" with { type: "file" };

/** What was learnt from pages: their types, what a block is by itself, and what it is among its like. */
export type Models = { types: Forest; first: Forest; second: Forest };

let shipped: Models | undefined;

/** Those in the program, read when they are first needed. */
export function readModels(): Models {
  const read = (path: string) => readForest(new Uint8Array(readFileSync(path)));
  shipped ??= { types: read(typesPath), first: read(firstPath), second: read(secondPath) };
  return shipped;
}

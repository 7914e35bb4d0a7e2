import { join } from "node:path";
import { readForest } from "../../src/content/main/forest.ts";
import { type Models, readModels } from "../../src/content/models.ts";
import { FOLDS, foldOf } from "./folds.ts";

/** Models that have not seen a page, from a folder that `main-content.ts --folds` filled. */
export type FoldModels = {
  of(page: { id: string; url: string }): Models;
  /** Those that the folder lacks, for which the shipped one stands, which has seen all pages. */
  missing: string[];
};

const FILES = { types: "types", first: "first-look", second: "second-look" } as const;

export async function readFoldModels(folder: string): Promise<FoldModels> {
  const missing = new Set<string>();
  const byFold = await Promise.all(
    Array.from({ length: FOLDS }, async (_, fold) => {
      const models: Models = { ...readModels() };
      for (const [part, name] of Object.entries(FILES) as [keyof Models, string][]) {
        const file = Bun.file(join(folder, `${name}.${fold}.bin`));
        if (await file.exists()) models[part] = readForest(await file.bytes());
        else missing.add(name);
      }
      return models;
    }),
  );
  return { of: (page) => byFold[foldOf(page)] ?? readModels(), missing: [...missing] };
}

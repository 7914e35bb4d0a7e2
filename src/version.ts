import { readVersion } from "./version.macro.ts" with { type: "macro" };

export const VERSION: string = (await readVersion()) as string;

import type { Parts } from "./parts.ts";

/** Everything that clients are offered; the tools, prompts and resources stand in folders of their own. */
export const OFFERED: Parts = {
  instructions: "",
  tools: [],
  prompts: [],
  resources: {
    templates: [],
    list: async () => ({ resources: [] }),
    read: async () => [],
  },
};

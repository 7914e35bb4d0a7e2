import { createSite } from "../site.ts";

// The website in a process of its own, so that its CPU time is not that of what is measured.
const [pages, minBytes, maxBytes] = process.argv.slice(2).map(Number);
const { origin } = createSite({ pages, minBytes, maxBytes }).serve();
process.send?.({ origin });
process.on("disconnect", () => process.exit());

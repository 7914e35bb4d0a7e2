import { readDocument } from "../../src/content/to-document.ts";
import { hostilePages } from "../content/hostile-pages.ts";

// One page in a process of its own, so that its memory is seen from outside; prints the CPU time of the page alone.
const [name = "", size = ""] = process.argv.slice(2);
const page = hostilePages[name]?.(Number(size));
if (page === undefined) throw new Error(`There is no page ${name}`);
const body = new TextEncoder().encode(page);
const before = process.cpuUsage();
await readDocument({ url: "https://a.example/", body, contentType: "text/html; charset=utf-8" });
const { user, system } = process.cpuUsage(before);
console.log((user + system) / 1_000);

import { defineConfig } from "drizzle-kit";

/** Settings of `bun run db:generate`; the program itself never reads them. */
export default defineConfig({
  dialect: "postgresql",
  schema: "./src/db/schema/*.ts",
  out: "./drizzle",
  casing: "snake_case",
});

import { Elysia } from "elysia";
import postgres from "postgres";

// The framework, the driver and one select by primary key, answered as it comes. The table holds what Orbweaver answers.
const sql = postgres(process.env.DATABASE_URL ?? "", { max: Number(process.env.DATABASE_POOL_SIZE) });

new Elysia()
  .get("/health", () => ({ status: "ok" }))
  .get("/pages/:id", async ({ params, status }) => {
    const [page] = await sql`select * from bare_pages where id = ${params.id}`;
    return page ?? status(404);
  })
  .listen({ hostname: "127.0.0.1", port: Number(process.env.PORT) });

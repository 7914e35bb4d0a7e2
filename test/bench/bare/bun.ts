// The least that a process which answers can be.
Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env.PORT),
  fetch: () => Response.json({ status: "ok" }),
});

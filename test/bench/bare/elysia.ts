import { Elysia } from "elysia";

// The framework with one route, and nothing of what a service on a network needs.
new Elysia().get("/health", () => ({ status: "ok" })).listen({ hostname: "127.0.0.1", port: Number(process.env.PORT) });

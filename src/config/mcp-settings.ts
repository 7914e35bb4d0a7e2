import { Type } from "@sinclair/typebox";
import { Secret, Url } from "./setting-types.ts";

/** What `orbweaver mcp` reads; the service's own MCP endpoint needs no setting. */
export const MCP_SETTINGS = {
  MCP_URL: Type.Optional(
    Url({
      description: "Service that orbweaver mcp speaks for, in place of its own store; its address is enough",
      examples: ["https://orbweaver.example.com"],
    }),
  ),
  MCP_KEY: Type.Optional(Secret({ description: "API key for MCP_URL", examples: ["ow_live_…"] })),
};

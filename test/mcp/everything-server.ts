import { inputRequired, inputResponse, type Server, type ServerContext } from "@modelcontextprotocol/server";
import type { Offer } from "../../src/mcp/offer.ts";
import { createMcpServer, type ServedFor } from "../../src/mcp/server.ts";

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
const WAV = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=";

type Content =
  | { type: "text"; text: string }
  | { type: "image" | "audio"; data: string; mimeType: string }
  | { type: "resource"; resource: { uri: string; mimeType: string; text: string } };
export type EverythingTool = {
  inputSchema?: { type: "object"; [key: string]: unknown };
  run(input: Record<string, unknown>, context: ServerContext): Promise<unknown> | unknown;
};

const text = (content: string) => ({ content: [{ type: "text", text: content }] as Content[] });
const resource = (uri: string, mimeType: string, content: string): Content => ({
  type: "resource",
  resource: { uri, mimeType, text: content },
});
const image: Content = { type: "image", data: PNG, mimeType: "image/png" };
const wait = () => Bun.sleep(20);

/** Asks, and once there is an answer says what it was. */
const asking =
  (properties: Record<string, unknown>, required: string[], tell: (answer: unknown) => string) =>
  ({ message = "Please answer" }: Record<string, unknown>, { mcpReq }: ServerContext) => {
    const answer = inputResponse(mcpReq.inputResponses, "asked");
    if (answer.kind === "elicit") return text(tell(answer));
    const requestedSchema = { type: "object" as const, properties, required } as never;
    const asked = inputRequired.elicit({ message: String(message), requestedSchema });
    return inputRequired({ inputRequests: { asked } });
  };

const completed = (answer: unknown) => {
  const { action, content } = answer as { action: string; content?: unknown };
  return `Elicitation completed: action=${action}, content=${JSON.stringify(content ?? {})}`;
};

/** What the conformance suite wants a server to have, by name. */
const TOOLS: Record<string, EverythingTool> = {
  test_simple_text: { run: () => text("This is a simple text response for testing.") },
  test_image_content: { run: () => ({ content: [image] }) },
  test_audio_content: { run: () => ({ content: [{ type: "audio", data: WAV, mimeType: "audio/wav" }] }) },
  test_embedded_resource: {
    run: () => ({
      content: [resource("test://embedded-resource", "text/plain", "This is an embedded resource content.")],
    }),
  },
  test_multiple_content_types: {
    run: () => ({
      content: [
        { type: "text", text: "Multiple content types test:" },
        image,
        resource("test://mixed-content-resource", "application/json", '{"test":"data","value":123}'),
      ],
    }),
  },
  test_tool_with_logging: {
    run: async (_, { mcpReq }) => {
      for (const message of ["Tool execution started", "Tool processing data", "Tool execution completed"]) {
        await mcpReq.log("info", message);
        await wait();
      }
      return text("Done");
    },
  },
  test_error_handling: {
    run: () => ({ ...text("This tool intentionally returns an error for testing"), isError: true }),
  },
  test_tool_with_progress: {
    run: async (_, { mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken;
      for (const progress of [0, 50, 100]) {
        if (progressToken !== undefined) {
          await mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress, total: 100 } });
        }
        await wait();
      }
      return text("Done");
    },
  },
  test_sampling: {
    inputSchema: { type: "object", properties: { prompt: { type: "string" } }, required: ["prompt"] },
    run: async ({ prompt }, { mcpReq }) => {
      const messages = [{ role: "user" as const, content: { type: "text" as const, text: String(prompt) } }];
      const { content } = await mcpReq.requestSampling({ messages, maxTokens: 100 });
      return text(`LLM response: ${"text" in content ? content.text : ""}`);
    },
  },
  test_elicitation: {
    inputSchema: { type: "object", properties: { message: { type: "string" } }, required: ["message"] },
    run: asking(
      { username: { type: "string", description: "Name" }, email: { type: "string", description: "Address" } },
      ["username", "email"],
      (answer) => `User response: ${JSON.stringify(answer)}`,
    ),
  },
  test_elicitation_sep1034_defaults: {
    run: asking(
      {
        name: { type: "string", default: "John Doe" },
        age: { type: "integer", default: 30 },
        score: { type: "number", default: 95.5 },
        status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
        verified: { type: "boolean", default: true },
      },
      [],
      completed,
    ),
  },
  test_elicitation_sep1330_enums: {
    run: asking(
      {
        untitledSingle: { type: "string", enum: ["option1", "option2", "option3"] },
        titledSingle: {
          type: "string",
          oneOf: ["First Option", "Second Option", "Third Option"].map((title, at) => ({
            const: `value${at + 1}`,
            title,
          })),
        },
        legacyEnum: {
          type: "string",
          enum: ["opt1", "opt2", "opt3"],
          enumNames: ["Option One", "Option Two", "Option Three"],
        },
        untitledMulti: { type: "array", items: { type: "string", enum: ["option1", "option2", "option3"] } },
        titledMulti: {
          type: "array",
          items: {
            anyOf: ["First Choice", "Second Choice", "Third Choice"].map((title, at) => ({
              const: `value${at + 1}`,
              title,
            })),
          },
        },
      },
      [],
      completed,
    ),
  },
  json_schema_2020_12_tool: {
    inputSchema: {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      $defs: {
        address: { type: "object", properties: { street: { type: "string" }, city: { type: "string" } } },
      },
      properties: { name: { type: "string" }, address: { $ref: "#/$defs/address" } },
      additionalProperties: false,
    },
    run: () => text("Done"),
  },
  test_reconnection: {
    run: async (_, { http }) => {
      http?.closeSSE?.();
      await Bun.sleep(100);
      return text("Reconnection test completed");
    },
  },
};

const RESOURCES: Record<string, object> = {
  "test://static-text": { mimeType: "text/plain", text: "This is the content of the static text resource." },
  "test://static-binary": { mimeType: "image/png", blob: PNG },
  "test://template/123/data": {
    mimeType: "application/json",
    text: JSON.stringify({ id: "123", templateTest: true, data: "Data for ID: 123" }),
  },
};

const user = (content: Content) => ({ role: "user" as const, content });
const PROMPTS: Record<string, { taken?: string[]; messages(given: Record<string, string>): object[] }> = {
  test_simple_prompt: { messages: () => [user({ type: "text", text: "This is a simple prompt for testing." })] },
  test_prompt_with_arguments: {
    taken: ["arg1", "arg2"],
    messages: ({ arg1, arg2 }) => [
      user({ type: "text", text: `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'` }),
    ],
  },
  test_prompt_with_embedded_resource: {
    taken: ["resourceUri"],
    messages: ({ resourceUri = "" }) => [
      user(resource(resourceUri, "text/plain", "Embedded resource content for testing.")),
      user({ type: "text", text: "Please process the embedded resource above." }),
    ],
  },
  test_prompt_with_image: {
    messages: () => [user(image), user({ type: "text", text: "Please analyze the image above." })],
  },
};

/** Our server with all that the conformance suite asks for, and more, in place of what Orbweaver offers. */
export function createEverythingServer(
  offer: Offer,
  servedFor: ServedFor,
  more: Record<string, EverythingTool> = {},
): Server {
  const tools = { ...TOOLS, ...more };
  const server = createMcpServer(offer, servedFor);
  server.registerCapabilities({ logging: {} });
  server.setRequestHandler("tools/list", () => ({
    tools: Object.entries(tools).map(([name, { inputSchema = { type: "object" as const } }]) => ({
      ...{ name, description: name, inputSchema },
    })),
  }));
  server.setRequestHandler("tools/call", async ({ params }, context) => {
    using _place = servedFor.enter?.();
    const result = await tools[params.name]?.run(params.arguments ?? {}, context);
    return (result ?? { ...text(`There is no ${params.name}`), isError: true }) as never;
  });
  server.setRequestHandler("resources/list", () => ({
    resources: Object.keys(RESOURCES).map((uri) => ({ uri, name: uri, description: uri })),
  }));
  server.setRequestHandler("resources/templates/list", () => ({
    resourceTemplates: [{ uriTemplate: "test://template/{id}/data", name: "template" }],
  }));
  server.setRequestHandler("resources/read", ({ params: { uri } }) => ({
    contents: [{ uri, ...RESOURCES[uri] }] as never,
  }));
  server.setRequestHandler("prompts/list", () => ({
    prompts: Object.entries(PROMPTS).map(([name, { taken = [] }]) => ({
      ...{ name, description: name },
      arguments: taken.map((argument) => ({ name: argument, description: argument, required: true })),
    })),
  }));
  server.setRequestHandler("prompts/get", ({ params: { name, arguments: given = {} } }) => ({
    messages: (PROMPTS[name]?.messages(given) ?? []) as never,
  }));
  return server;
}

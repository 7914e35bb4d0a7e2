import type {
  ContentBlock,
  PromptArgument,
  PromptMessage,
  Resource,
  ResourceTemplateType,
  TextResourceContents,
  ToolAnnotations,
} from "@modelcontextprotocol/server";
import type { Static, TObject } from "@sinclair/typebox";
import type { Principal } from "../access/principal.ts";
import type { Viewer } from "../access/viewer.ts";
import type { App } from "../app.ts";
import type { Permission } from "../db/schema/users.ts";

/** One request of a client: who makes it, and what can be told and asked meanwhile. */
export type Call = {
  app: App;
  principal: Principal;
  viewer: Viewer;
  /** Aborted when the client cancels, when its session ends, and when the service stops. */
  signal: AbortSignal;
  /** Tells how far it has got; nothing to a client that did not ask for it. */
  progress(done: number, total?: number, message?: string): Promise<void>;
  /**
   * Asks the person behind the client. To be called before anything is done: a tool whose question is still open is left
   * by what this throws, and run again from its beginning once there is an answer.
   * @param id names the question among those of one call
   */
  ask(id: string, question: Question): Answer;
};

/** `fields` are JSON Schemas of plain values; without any it is a matter of yes or no. */
export type Question = { message: string; fields?: Record<string, AskedField>; required?: string[] };
export type AskedField =
  | { type: "string"; title?: string; description?: string; enum?: string[]; default?: string }
  | { type: "boolean"; title?: string; description?: string; default?: boolean }
  | { type: "integer" | "number"; title?: string; description?: string; minimum?: number; maximum?: number };

/** `unavailable` where the client can't ask its person. What was filled in comes from outside and is not checked. */
export type Answer =
  | { kind: "accepted"; content: Record<string, unknown> }
  | { kind: "declined" }
  | { kind: "unavailable" };

/** What a tool gives: the same twice, for programs and for models that read text alone. */
export type ToolAnswer<Output> = { structured: Output; text: string; more?: ContentBlock[] };

/** A tool. Its input has been checked when it runs; an `AppError` that it throws is told to the model as it stands. */
export type Tool<Input extends TObject = TObject, Output extends TObject = TObject> = {
  name: string;
  title: string;
  description: string;
  /** Whoever lacks it does not see the tool. */
  permission: Permission;
  annotations: ToolAnnotations;
  input: Input;
  output: Output;
  run(call: Call, input: Static<Input>): Promise<ToolAnswer<Static<Output>>>;
};

/** Keeps the types of a tool's input and output together where it is written. */
export function defineTool<Input extends TObject, Output extends TObject>(tool: Tool<Input, Output>): Tool {
  return tool as unknown as Tool;
}

export type Prompt = {
  name: string;
  title: string;
  description: string;
  permission: Permission;
  arguments: PromptArgument[];
  /** Those that are required are there. */
  get(call: Call, given: Record<string, string>): Promise<{ description?: string; messages: PromptMessage[] }>;
  /** What an argument may be, given how it begins and what the others are. */
  complete?(call: Call, argument: string, begun: string, others: Record<string, string>): Promise<string[]>;
};

/** All that is read by its URI; for whoever may `read`. */
export type Resources = {
  templates: ResourceTemplateType[];
  list(call: Call, cursor: string | undefined): Promise<{ resources: Resource[]; nextCursor?: string }>;
  /** @throws AppError `not_found`, also for what belongs to others */
  read(call: Call, uri: string): Promise<TextResourceContents[]>;
  /** What a variable of a template may be, given how it begins and what the others are. */
  complete?(
    call: Call,
    template: string,
    variable: string,
    begun: string,
    others: Record<string, string>,
  ): Promise<string[]>;
  /**
   * Calls `changed` whenever the viewer's list is another, or with a URI when what is there is; until it is left by what
   * this returns. Once for each session, so it should be cheap.
   */
  watch?(app: App, viewer: Viewer, changed: (uri?: string) => void): () => void;
};

/** What a server offers. */
export type Parts = {
  /** How everything is used together, for the model. */
  instructions: string;
  tools: readonly Tool[];
  prompts: readonly Prompt[];
  resources: Resources;
};

/** Told to every model that is connected: how the tools go together, and what not to believe. */
export const INSTRUCTIONS = "";

import type { LoadOptions } from "../config/config.ts";

/** What the flags of a command say of the settings. */
export type SettingFlags = {
  /** A file of settings. */
  config?: string;
  /** Folder of the embedded database, which is then the one that is used. */
  data?: string;
};

export function settingsOf({ config, data }: SettingFlags): LoadOptions {
  // One process holds a folder, so that a part of the work that is set for machines with a server is not meant here.
  return { file: config, overrides: data ? { DATA_DIR: data, DATABASE_URL: undefined, ROLE: undefined } : {} };
}

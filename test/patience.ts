import { setDefaultTimeout } from "bun:test";

// The embedded database fills its folder anew for a test, which takes a busy machine longer than Bun's 5 seconds.
setDefaultTimeout(60_000);

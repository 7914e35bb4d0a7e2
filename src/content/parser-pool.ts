import { availableParallelism } from "node:os";
import type { Document, DocumentInput } from "./document.ts";
import { type MemoryMessage, type ThreadMessage, unpack } from "./thread-message.ts";

export type ParseErrorCode = "parse_timeout" | "parse_failed" | "cancelled" | "queue_full";

/** A page that brought no document. It fails alone: the pool goes on. */
export class ParseError extends Error {
  readonly code: ParseErrorCode;

  constructor(code: ParseErrorCode, message: string, extra: { cause?: unknown } = {}) {
    super(message, extra);
    this.name = "ParseError";
    this.code = code;
  }
}

export type Parsed = {
  document: Document;
  raw: {
    /** SHA-256 of the body, hex. */
    hash: string;
    zstd: Uint8Array<ArrayBuffer>;
    byteLength: number;
  };
};

export type ParserPool = {
  /**
   * Parses a page in a thread. The body must not be changed until then.
   * @throws ParseError
   */
  parse(input: DocumentInput, signal?: AbortSignal): Promise<Parsed>;
  /** Threads that have a page at this moment. */
  busyThreads(): number;
  /** Ends all threads; pages not yet done fail as cancelled. */
  close(): void;
};

export type ParserPoolOptions = {
  /** Default: one less than the machine's cores, and at least one. */
  threads?: number;
  /**
   * Milliseconds a page may take in its thread. Default 10 s. A file of many pages has them anew as long as it gets on,
   * and four times as many in all.
   */
  timeoutMs?: number;
  /** Pages after which a thread is replaced, so that no leak lasts. Default 50,000: a new thread compiles for over a second. */
  maxPagesPerThread?: number;
  /** What a thread may keep on its heap, garbage left out, before it is replaced. Default 256 MB. */
  maxHeapBytes?: number;
  /** By how much the process may grow while one page is parsed, before that page is given up. Default 1 GB. */
  maxGrowthBytes?: number;
  /** Pages waiting for a thread, beyond which `parse` fails at once. Default 1,000. */
  maxQueued?: number;
  /** Default: a worker that runs `parser-thread.ts`. */
  startThread?: () => Worker;
  /** Told of each thread that is replaced. */
  onReplace?: (reason: ReplacementReason) => void;
};

/** Its share of pages was done, it kept too much memory, or a page ended it. */
export type ReplacementReason = "pages" | "memory" | "lost";

type Task = {
  input: DocumentInput;
  isSettled: boolean;
  /** By `performance.now()`, when its thread must be done with it; set once it has begun. */
  endsAt?: number;
  settle: (outcome: Parsed | ParseError) => void;
};

/** A thread has its next pages with it, so that it works on while the main thread is busy; it does the first first. */
type Thread = {
  worker: Worker;
  isReady: boolean;
  pages: number;
  tasks: Task[];
  timer?: Timer;
  /** The page that it is at, and the process's memory when it began with it. */
  watched?: { task: Task; startBytes: number };
  /** Garbage is being collected there, to tell what it keeps. */
  isCollecting: boolean;
  /** Why it should be replaced. It works on until the one that takes its place is up. */
  wornBy?: "pages" | "memory";
  /** The worn thread whose place it takes. */
  replaces?: Thread;
  /** It has been replaced: it gets nothing more, and ends with what it has. */
  isLeaving: boolean;
};

/** Threads share their process's memory, and have no bound of their own. */
const MEMORY_LOOK_MS = 250;

/** Times its time that a file of many pages may take. */
const MAX_EXTENSION = 4;

/** Pages that a thread has at a time. */
const MAX_AHEAD = 8;

/** Threads that parse pages, so that no page can stall or crash the process. They start when first needed. */
export function createParserPool(options: ParserPoolOptions = {}): ParserPool {
  const pool = new Pool(options);
  return {
    parse: (input, signal) => pool.parse(input, signal),
    busyThreads: () => pool.busyThreads(),
    close: () => pool.close(),
  };
}

class Pool {
  private readonly maxThreads: number;
  private readonly timeoutMs: number;
  private readonly maxPagesPerThread: number;
  private readonly maxHeapBytes: number;
  private readonly maxGrowthBytes: number;
  private readonly maxQueued: number;
  private readonly onReplace: (reason: ReplacementReason) => void;
  private readonly startThread: () => Worker;
  private readonly threads = new Set<Thread>();
  /** In order of arrival; a Set, so that cancelling one of thousands is cheap. */
  private readonly queue = new Set<Task>();
  /** Since a thread last started well. */
  private failedStarts = 0;
  private memoryTimer: Timer | undefined;
  private isClosed = false;

  constructor(options: ParserPoolOptions) {
    this.maxThreads = options.threads ?? Math.max(1, availableParallelism() - 1);
    this.timeoutMs = options.timeoutMs ?? 10_000;
    this.maxPagesPerThread = options.maxPagesPerThread ?? 50_000;
    this.maxHeapBytes = options.maxHeapBytes ?? 256_000_000;
    this.maxGrowthBytes = options.maxGrowthBytes ?? 1_000_000_000;
    this.maxQueued = options.maxQueued ?? 1000;
    this.onReplace = options.onReplace ?? (() => {});
    this.startThread = options.startThread ?? startParserThread;
  }

  parse(input: DocumentInput, signal?: AbortSignal): Promise<Parsed> {
    if (this.isClosed) return Promise.reject(new ParseError("cancelled", "The parser is closed"));
    if (signal?.aborted) return Promise.reject(cancelled(input, signal));
    if (this.queue.size >= this.maxQueued) {
      const message = `${this.queue.size} pages wait to be parsed; hand in more when some are done`;
      return Promise.reject(new ParseError("queue_full", message));
    }
    return new Promise((resolve, reject) => {
      // A page already in its thread runs to its end there; only nobody waits for it.
      const stop = () => task.settle(cancelled(input, signal));
      const task: Task = {
        input,
        isSettled: false,
        settle: (outcome) => {
          task.isSettled = true;
          signal?.removeEventListener("abort", stop);
          this.queue.delete(task);
          if (outcome instanceof ParseError) reject(outcome);
          else resolve(outcome);
        },
      };
      signal?.addEventListener("abort", stop, { once: true });
      this.queue.add(task);
      this.dispatch();
    });
  }

  busyThreads(): number {
    return [...this.threads].filter(({ tasks }) => tasks.length > 0).length;
  }

  close(): void {
    this.isClosed = true;
    clearInterval(this.memoryTimer);
    for (const thread of this.threads) {
      for (const task of this.retire(thread)) task.settle(new ParseError("cancelled", "The parser was closed"));
    }
    for (const task of this.queue) task.settle(new ParseError("cancelled", "The parser was closed"));
  }

  private dispatch(): void {
    // One each before a second for any.
    for (let depth = 0; depth < MAX_AHEAD && this.queue.size > 0; depth++) {
      for (const thread of this.threads) {
        if (thread.isReady && thread.tasks.length <= depth && !thread.isLeaving) this.hand(thread);
      }
    }
    const starting = [...this.threads].filter(({ isReady }) => !isReady).length;
    const wanted = Math.min(this.queue.size - starting, this.maxThreads - this.threads.size);
    for (let count = 0; count < wanted; count++) this.addThread();
  }

  /** Gives a thread the next page. The body is copied: it must be there still if the thread dies on a page before. */
  private hand(thread: Thread): void {
    const [task] = this.queue;
    if (!task) return;
    this.queue.delete(task);
    thread.pages++;
    thread.worker.ref();
    thread.tasks.push(task);
    if (thread.tasks.length === 1) this.watch(thread);
    this.memoryTimer ??= setInterval(() => this.lookAtMemory(), MEMORY_LOOK_MS).unref();
    const { body } = task.input;
    // Of a view into a larger buffer all of the buffer would be copied.
    const own = body.byteLength === body.buffer.byteLength ? body : body.slice();
    thread.worker.postMessage({ ...task.input, body: own });
  }

  /** Gives the thread's first page its time, or gives it anew to one that gets on. */
  private watch(thread: Thread): void {
    clearTimeout(thread.timer);
    const [task] = thread.tasks;
    if (!task) return;
    if (thread.watched?.task !== task) thread.watched = { task, startBytes: process.memoryUsage.rss() };
    const now = performance.now();
    task.endsAt ??= now + MAX_EXTENSION * this.timeoutMs;
    const leftMs = Math.max(0, Math.min(this.timeoutMs, task.endsAt - now));
    thread.timer = setTimeout(() => this.kill(thread, timedOut(task.input, this.timeoutMs)), leftMs);
  }

  /** Few pages are still there at a look: what the process has grown by since they began is put down to them. */
  private lookAtMemory(): void {
    if (this.busyThreads() === 0) {
      clearInterval(this.memoryTimer);
      this.memoryTimer = undefined;
      return;
    }
    const bytes = process.memoryUsage.rss();
    for (const thread of this.threads) {
      const [task] = thread.tasks;
      if (!task) continue;
      if (thread.watched?.task === task && bytes - thread.watched.startBytes > this.maxGrowthBytes)
        this.kill(thread, failed(task.input, "it took too much memory"));
    }
  }

  private addThread(replaces?: Thread): void {
    const worker = this.startThread();
    const state = { isReady: false, pages: 0, tasks: [], isCollecting: false, isLeaving: false };
    const thread: Thread = { worker, ...state, ...(replaces ? { replaces } : {}) };
    this.threads.add(thread);
    worker.addEventListener("message", ({ data }: MessageEvent<ThreadMessage>) => this.receive(thread, data));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.lose(thread, event.message);
    });
    worker.addEventListener("close", () => this.lose(thread, "its thread ended"));
  }

  private receive(thread: Thread, message: ThreadMessage): void {
    if (!this.threads.has(thread)) return;
    if (message.type === "ready") this.welcome(thread);
    else if (message.type === "progress") this.watch(thread);
    else if (message.type === "memory") this.judgeMemory(thread, message);
    else this.finish(thread, message.type === "parsed" ? unpack(message) : message.message);
    if (thread.tasks.length === 0 && this.queue.size === 0) thread.worker.unref();
    this.dispatch();
  }

  private welcome(thread: Thread): void {
    thread.isReady = true;
    this.failedStarts = 0;
    const { replaces: old } = thread;
    delete thread.replaces;
    if (old && this.threads.has(old)) {
      old.isLeaving = true;
      this.onReplace(old.wornBy ?? "pages");
      if (old.tasks.length === 0) this.retire(old);
    }
    this.replaceWorn();
  }

  private finish(thread: Thread, outcome: Parsed | string): void {
    const task = thread.tasks.shift();
    this.watch(thread);
    if (thread.isLeaving && thread.tasks.length === 0) this.retire(thread);
    else if (thread.pages >= this.maxPagesPerThread) this.wear(thread, "pages");
    task?.settle(typeof outcome === "string" ? failed(task.input, outcome) : outcome);
  }

  /** Much of what is on a heap may be garbage: before a thread is judged by it, that is collected. */
  private judgeMemory(thread: Thread, { bytes, isCollected }: MemoryMessage): void {
    if (isCollected) thread.isCollecting = false;
    if (bytes <= this.maxHeapBytes) return;
    if (isCollected) this.wear(thread, "memory");
    else if (!thread.isCollecting) {
      thread.isCollecting = true;
      thread.worker.postMessage("collect");
    }
  }

  private wear(thread: Thread, by: "pages" | "memory"): void {
    thread.wornBy ??= by;
    this.replaceWorn();
  }

  /** One at a time: threads that started together would all be new together. */
  private replaceWorn(): void {
    const threads = [...this.threads];
    if (threads.some(({ replaces }) => replaces)) return;
    const worn = threads.find(({ wornBy, isLeaving }) => wornBy && !isLeaving);
    if (worn) this.addThread(worn);
  }

  private kill(thread: Thread, error: ParseError): void {
    const [task, ...unharmed] = this.retire(thread);
    this.onReplace("lost");
    this.putBack(unharmed);
    task?.settle(error);
    this.dispatch();
  }

  /** A thread ended by itself. */
  private lose(thread: Thread, why: string): void {
    if (!this.threads.has(thread)) return;
    const [task, ...unharmed] = this.retire(thread);
    this.putBack(unharmed);
    task?.settle(failed(task.input, why));
    if (thread.isReady) this.onReplace("lost");
    else if (thread.replaces) renew(thread.replaces);
    else this.failedStarts++;
    // If threads can't even start, trying again for each page would never end.
    if (this.failedStarts >= this.maxThreads) {
      this.failedStarts = 0;
      for (const waiting of this.queue) waiting.settle(failed(waiting.input, `no parser thread could start: ${why}`));
    }
    this.dispatch();
  }

  /** Pages that a lost thread had not begun go first in the queue again. */
  private putBack(tasks: Task[]): void {
    const waiting = [...this.queue];
    this.queue.clear();
    for (const task of [...tasks.filter(({ isSettled }) => !isSettled), ...waiting]) this.queue.add(task);
  }

  private retire(thread: Thread): Task[] {
    const { tasks } = thread;
    clearTimeout(thread.timer);
    thread.tasks = [];
    this.threads.delete(thread);
    thread.worker.terminate();
    return tasks;
  }
}

/** What should have replaced it could not start: it works on, for another share of pages. */
function renew(thread: Thread): void {
  delete thread.wornBy;
  thread.pages = 0;
}

// The build passes parser-thread.ts as an entry point of its own, so that this finds it in the executable too.
function startParserThread(): Worker {
  return new Worker(new URL("./parser-thread.ts", import.meta.url).href);
}

function cancelled({ url }: DocumentInput, signal: AbortSignal | undefined): ParseError {
  return new ParseError("cancelled", `Parsing ${url} was cancelled`, { cause: signal?.reason });
}

function timedOut({ url }: DocumentInput, timeoutMs: number): ParseError {
  return new ParseError("parse_timeout", `Parsing ${url} took longer than ${timeoutMs} ms`);
}

function failed({ url }: DocumentInput, why: string): ParseError {
  return new ParseError("parse_failed", `Parsing ${url} failed: ${why}`);
}

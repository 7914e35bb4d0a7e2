ALTER TABLE "orbweaver"."crawl_jobs" DROP COLUMN "trace_context";

ALTER TABLE "orbweaver"."crawl_jobs" ADD COLUMN "missing_counted_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "orbweaver"."page_links" ADD COLUMN "unlinked_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "orbweaver"."page_links" ADD COLUMN "unlinked_visits" smallint DEFAULT 0 NOT NULL;
ALTER TABLE "orbweaver"."page_links" DROP COLUMN "unlinked_visits";--> statement-breakpoint
ALTER TABLE "orbweaver"."page_links" DROP COLUMN "unlinked_since";--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_jobs" DROP COLUMN "missing_counted_at";

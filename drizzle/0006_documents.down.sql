DROP INDEX "orbweaver"."page_changes_crawl_idx";--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" DROP COLUMN "page_type";

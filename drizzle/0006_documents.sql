ALTER TABLE "orbweaver"."pages" ADD COLUMN "page_type" text;--> statement-breakpoint
CREATE INDEX "page_changes_crawl_idx" ON "orbweaver"."page_changes" USING btree ("crawl_id");
ALTER TABLE "orbweaver"."crawl_hosts" ADD COLUMN "slice_rank" smallint;--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_hosts" ADD COLUMN "rests_until" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "crawl_hosts_slice_idx" ON "orbweaver"."crawl_hosts" USING btree ("crawl_id","host") WHERE "orbweaver"."crawl_hosts"."slice_id" is not null;
DROP INDEX "orbweaver"."crawl_hosts_slice_idx";--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_hosts" DROP COLUMN "rests_until";--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_hosts" DROP COLUMN "slice_rank";

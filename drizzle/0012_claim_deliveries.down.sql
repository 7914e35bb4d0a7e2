DROP INDEX "orbweaver"."deliveries_pending_idx";--> statement-breakpoint
DROP INDEX "orbweaver"."deliveries_page_idx";

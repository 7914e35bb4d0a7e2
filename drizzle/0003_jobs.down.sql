ALTER TABLE "orbweaver"."crawl_schedules" DROP COLUMN "last_crawl_id";--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_schedules" DROP COLUMN "last_message";--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_schedules" DROP COLUMN "last_outcome";--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_schedules" DROP COLUMN "options";--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_jobs" DROP COLUMN "worked_at";--> statement-breakpoint
DROP INDEX "orbweaver"."crawl_hosts_turn_idx";--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_hosts" DROP COLUMN "waits_since";--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_hosts" DROP COLUMN "slice_id";--> statement-breakpoint
DROP TABLE "orbweaver"."system_schedules";--> statement-breakpoint
DROP TABLE "orbweaver"."paused_queues";--> statement-breakpoint
DROP TABLE "orbweaver"."job_progress";--> statement-breakpoint
DROP TABLE "orbweaver"."job_failures";--> statement-breakpoint
DROP TABLE "orbweaver"."instances";--> statement-breakpoint
DROP TABLE "orbweaver"."cache_entries";--> statement-breakpoint
DROP TABLE "orbweaver"."hosts";

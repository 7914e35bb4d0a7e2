ALTER TABLE "orbweaver"."system_schedules" DROP COLUMN "last_result";--> statement-breakpoint
ALTER TABLE "orbweaver"."system_schedules" DROP COLUMN "last_success_at";

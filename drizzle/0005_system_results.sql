ALTER TABLE "orbweaver"."system_schedules" ADD COLUMN "last_success_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "orbweaver"."system_schedules" ADD COLUMN "last_result" jsonb;
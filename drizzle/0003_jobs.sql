CREATE TABLE "orbweaver"."hosts" (
	"host" text PRIMARY KEY NOT NULL,
	"lease_token" uuid,
	"leased_until" timestamp with time zone,
	"slice_id" uuid,
	"crawl_id" uuid,
	"politeness" jsonb,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE UNLOGGED TABLE "orbweaver"."cache_entries" (
	"key" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."instances" (
	"id" uuid PRIMARY KEY NOT NULL,
	"host" text NOT NULL,
	"pid" integer NOT NULL,
	"version" text NOT NULL,
	"roles" text[] NOT NULL,
	"url" text,
	"load" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"seen_at" timestamp with time zone NOT NULL,
	"stopping_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."job_failures" (
	"job_id" uuid NOT NULL,
	"attempt" integer NOT NULL,
	"instance_id" uuid,
	"message" text NOT NULL,
	"started_at" timestamp with time zone,
	"failed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "job_failures_pkey" PRIMARY KEY("job_id","attempt")
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."job_progress" (
	"job_id" uuid NOT NULL,
	"progress" jsonb NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "job_progress_pkey" PRIMARY KEY("job_id")
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."paused_queues" (
	"queue" text PRIMARY KEY NOT NULL,
	"paused_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."system_schedules" (
	"name" text PRIMARY KEY NOT NULL,
	"cron" text NOT NULL,
	"is_enabled" boolean DEFAULT true NOT NULL,
	"next_run_at" timestamp with time zone,
	"last_run_at" timestamp with time zone,
	"last_job_id" uuid,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_hosts" ADD COLUMN "slice_id" uuid;--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_hosts" ADD COLUMN "waits_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_jobs" ADD COLUMN "worked_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_schedules" ADD COLUMN "options" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_schedules" ADD COLUMN "last_outcome" text;--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_schedules" ADD COLUMN "last_message" text;--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_schedules" ADD COLUMN "last_crawl_id" uuid;--> statement-breakpoint
CREATE INDEX "hosts_crawl_idx" ON "orbweaver"."hosts" USING btree ("crawl_id") WHERE "orbweaver"."hosts"."crawl_id" is not null;--> statement-breakpoint
CREATE INDEX "hosts_idle_idx" ON "orbweaver"."hosts" USING btree ("updated_at") WHERE "orbweaver"."hosts"."lease_token" is null;--> statement-breakpoint
CREATE INDEX "cache_entries_expires_idx" ON "orbweaver"."cache_entries" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "instances_seen_idx" ON "orbweaver"."instances" USING btree ("seen_at");--> statement-breakpoint
CREATE INDEX "job_failures_failed_idx" ON "orbweaver"."job_failures" USING btree ("failed_at");--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_schedules" ADD CONSTRAINT "crawl_schedules_last_crawl_id_crawl_jobs_id_fk" FOREIGN KEY ("last_crawl_id") REFERENCES "orbweaver"."crawl_jobs"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "crawl_hosts_turn_idx" ON "orbweaver"."crawl_hosts" USING btree ("host","waits_since") WHERE "orbweaver"."crawl_hosts"."waits_since" is not null;--> statement-breakpoint
CREATE INDEX "crawl_schedules_last_crawl_idx" ON "orbweaver"."crawl_schedules" USING btree ("last_crawl_id") WHERE "orbweaver"."crawl_schedules"."last_crawl_id" is not null;--> statement-breakpoint
CREATE TRIGGER "hosts_updated_at" BEFORE UPDATE ON "orbweaver"."hosts" FOR EACH ROW EXECUTE FUNCTION "orbweaver"."set_updated_at"();--> statement-breakpoint
CREATE TRIGGER "job_progress_updated_at" BEFORE UPDATE ON "orbweaver"."job_progress" FOR EACH ROW EXECUTE FUNCTION "orbweaver"."set_updated_at"();--> statement-breakpoint
CREATE TRIGGER "system_schedules_updated_at" BEFORE UPDATE ON "orbweaver"."system_schedules" FOR EACH ROW EXECUTE FUNCTION "orbweaver"."set_updated_at"();

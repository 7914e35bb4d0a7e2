CREATE SCHEMA IF NOT EXISTS "orbweaver";
--> statement-breakpoint
CREATE TABLE "orbweaver"."crawl_hosts" (
	"crawl_id" uuid NOT NULL,
	"host" text NOT NULL,
	"pending" integer DEFAULT 0 NOT NULL,
	"done" integer DEFAULT 0 NOT NULL,
	"stop_reason" text,
	CONSTRAINT "crawl_hosts_pkey" PRIMARY KEY("crawl_id","host")
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."crawl_jobs" (
	"id" uuid PRIMARY KEY NOT NULL,
	"website_id" uuid NOT NULL,
	"runner" text DEFAULT 'service' NOT NULL,
	"state" text DEFAULT 'queued' NOT NULL,
	"seeds" text[] NOT NULL,
	"options" jsonb NOT NULL,
	"hosts" text[] DEFAULT '{}' NOT NULL,
	"is_seeded" boolean DEFAULT false NOT NULL,
	"pending" integer DEFAULT 0 NOT NULL,
	"done" integer DEFAULT 0 NOT NULL,
	"created" integer DEFAULT 0 NOT NULL,
	"changed" integer DEFAULT 0 NOT NULL,
	"unchanged" integer DEFAULT 0 NOT NULL,
	"redirected" integer DEFAULT 0 NOT NULL,
	"failed" integer DEFAULT 0 NOT NULL,
	"skipped" integer DEFAULT 0 NOT NULL,
	"by_status" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"by_failure" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"by_skip" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"bytes" bigint DEFAULT 0 NOT NULL,
	"active_ms" bigint DEFAULT 0 NOT NULL,
	"end_reason" text,
	"last_error" jsonb,
	"lease_owner" uuid,
	"leased_until" timestamp with time zone,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "crawl_jobs_state_check" CHECK ("orbweaver"."crawl_jobs"."state" in ('queued', 'running', 'paused', 'completed', 'failed', 'cancelled'))
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."crawl_schedules" (
	"id" uuid PRIMARY KEY NOT NULL,
	"website_id" uuid NOT NULL,
	"cron" text,
	"interval_seconds" integer,
	"time_zone" text DEFAULT 'UTC' NOT NULL,
	"jitter_seconds" integer DEFAULT 0 NOT NULL,
	"overlap" text DEFAULT 'skip' NOT NULL,
	"missed" text DEFAULT 'once' NOT NULL,
	"is_enabled" boolean DEFAULT true NOT NULL,
	"starts_at" timestamp with time zone,
	"ends_at" timestamp with time zone,
	"next_run_at" timestamp with time zone,
	"last_run_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "crawl_schedules_rule_check" CHECK (("orbweaver"."crawl_schedules"."cron" is null) <> ("orbweaver"."crawl_schedules"."interval_seconds" is null))
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."frontier" (
	"crawl_id" uuid NOT NULL,
	"url_hash" uuid NOT NULL,
	"seq" bigint GENERATED ALWAYS AS IDENTITY (sequence name "orbweaver"."frontier_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"url" text NOT NULL,
	"host" text NOT NULL,
	"depth" smallint NOT NULL,
	"priority" smallint NOT NULL,
	"source" text NOT NULL,
	"state" text DEFAULT 'pending' NOT NULL,
	"attempts" smallint DEFAULT 0 NOT NULL,
	"not_before" timestamp with time zone,
	"redirects" text[],
	"status" smallint,
	"outcome" text,
	"message" text,
	"content_type" text,
	"bytes" integer,
	"duration_ms" integer,
	"settled_at" timestamp with time zone,
	CONSTRAINT "frontier_pkey" PRIMARY KEY("crawl_id","url_hash"),
	CONSTRAINT "frontier_state_check" CHECK ("orbweaver"."frontier"."state" in ('pending', 'done', 'failed', 'skipped'))
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."markdown_documents" (
	"id" uuid PRIMARY KEY NOT NULL,
	"page_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"kind" text NOT NULL,
	"title" text,
	"description" text,
	"language" text,
	"markdown" "bytea" NOT NULL,
	"details" jsonb NOT NULL,
	"word_count" integer NOT NULL,
	"content_hash" "bytea" NOT NULL,
	"simhash" bigint NOT NULL,
	"raw_hash" "bytea" NOT NULL,
	"charset" text,
	"crawl_id" uuid,
	"fetched_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."page_changes" (
	"id" uuid PRIMARY KEY NOT NULL,
	"website_id" uuid NOT NULL,
	"page_id" uuid NOT NULL,
	"crawl_id" uuid,
	"kind" text NOT NULL,
	"from_document_id" uuid,
	"to_document_id" uuid,
	"summary" jsonb DEFAULT '{}' NOT NULL,
	"detected_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."pages" (
	"id" uuid PRIMARY KEY NOT NULL,
	"website_id" uuid NOT NULL,
	"url_hash" uuid NOT NULL,
	"url" text NOT NULL,
	"host" text NOT NULL,
	"path" text NOT NULL,
	"status" smallint NOT NULL,
	"content_type" text,
	"depth" smallint DEFAULT 0 NOT NULL,
	"title" text,
	"language" text,
	"word_count" integer DEFAULT 0 NOT NULL,
	"byte_length" bigint DEFAULT 0 NOT NULL,
	"document_id" uuid,
	"version" integer DEFAULT 0 NOT NULL,
	"content_hash" "bytea",
	"raw_hash" "bytea",
	"recipe" text,
	"etag" text,
	"last_modified" text,
	"last_crawl_id" uuid,
	"first_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_fetched_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_changed_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."raw_html" (
	"hash" "bytea" PRIMARY KEY NOT NULL,
	"zstd" "bytea" NOT NULL,
	"byte_length" bigint NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."users" (
	"id" uuid PRIMARY KEY NOT NULL,
	"email" text,
	"name" text NOT NULL,
	"role" text DEFAULT 'user' NOT NULL,
	"disabled_at" timestamp with time zone,
	"deleted_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "users_role_check" CHECK ("orbweaver"."users"."role" in ('user', 'admin'))
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."website_indexes" (
	"id" uuid PRIMARY KEY NOT NULL,
	"website_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"version" integer NOT NULL,
	"content" text NOT NULL,
	"content_hash" "bytea" NOT NULL,
	"crawl_id" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."websites" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"url" text NOT NULL,
	"name" text NOT NULL,
	"options" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"deleted_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_hosts" ADD CONSTRAINT "crawl_hosts_crawl_id_crawl_jobs_id_fk" FOREIGN KEY ("crawl_id") REFERENCES "orbweaver"."crawl_jobs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_jobs" ADD CONSTRAINT "crawl_jobs_website_id_websites_id_fk" FOREIGN KEY ("website_id") REFERENCES "orbweaver"."websites"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_schedules" ADD CONSTRAINT "crawl_schedules_website_id_websites_id_fk" FOREIGN KEY ("website_id") REFERENCES "orbweaver"."websites"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."frontier" ADD CONSTRAINT "frontier_crawl_id_crawl_jobs_id_fk" FOREIGN KEY ("crawl_id") REFERENCES "orbweaver"."crawl_jobs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."markdown_documents" ADD CONSTRAINT "markdown_documents_page_id_pages_id_fk" FOREIGN KEY ("page_id") REFERENCES "orbweaver"."pages"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."markdown_documents" ADD CONSTRAINT "markdown_documents_crawl_id_crawl_jobs_id_fk" FOREIGN KEY ("crawl_id") REFERENCES "orbweaver"."crawl_jobs"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."page_changes" ADD CONSTRAINT "page_changes_website_id_websites_id_fk" FOREIGN KEY ("website_id") REFERENCES "orbweaver"."websites"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."page_changes" ADD CONSTRAINT "page_changes_page_id_pages_id_fk" FOREIGN KEY ("page_id") REFERENCES "orbweaver"."pages"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."page_changes" ADD CONSTRAINT "page_changes_crawl_id_crawl_jobs_id_fk" FOREIGN KEY ("crawl_id") REFERENCES "orbweaver"."crawl_jobs"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" ADD CONSTRAINT "pages_website_id_websites_id_fk" FOREIGN KEY ("website_id") REFERENCES "orbweaver"."websites"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."website_indexes" ADD CONSTRAINT "website_indexes_website_id_websites_id_fk" FOREIGN KEY ("website_id") REFERENCES "orbweaver"."websites"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."websites" ADD CONSTRAINT "websites_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "orbweaver"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "crawl_hosts_pending_idx" ON "orbweaver"."crawl_hosts" USING btree ("crawl_id") WHERE "orbweaver"."crawl_hosts"."pending" > 0 and "orbweaver"."crawl_hosts"."stop_reason" is null;--> statement-breakpoint
CREATE INDEX "crawl_jobs_website_idx" ON "orbweaver"."crawl_jobs" USING btree ("website_id","id");--> statement-breakpoint
CREATE INDEX "crawl_jobs_open_idx" ON "orbweaver"."crawl_jobs" USING btree ("id") WHERE "orbweaver"."crawl_jobs"."state" in ('queued', 'running');--> statement-breakpoint
CREATE UNIQUE INDEX "crawl_jobs_active_key" ON "orbweaver"."crawl_jobs" USING btree ("website_id","runner") WHERE "orbweaver"."crawl_jobs"."state" in ('queued', 'running', 'paused');--> statement-breakpoint
CREATE INDEX "crawl_schedules_due_idx" ON "orbweaver"."crawl_schedules" USING btree ("next_run_at") WHERE "orbweaver"."crawl_schedules"."is_enabled";--> statement-breakpoint
CREATE INDEX "crawl_schedules_website_idx" ON "orbweaver"."crawl_schedules" USING btree ("website_id","id");--> statement-breakpoint
CREATE INDEX "frontier_pending_idx" ON "orbweaver"."frontier" USING btree ("crawl_id","host","priority","seq") WHERE "orbweaver"."frontier"."state" = 'pending';--> statement-breakpoint
CREATE INDEX "frontier_retry_idx" ON "orbweaver"."frontier" USING btree ("crawl_id","not_before") WHERE "orbweaver"."frontier"."state" = 'pending' and "orbweaver"."frontier"."not_before" is not null;--> statement-breakpoint
CREATE INDEX "frontier_log_idx" ON "orbweaver"."frontier" USING btree ("crawl_id","seq");--> statement-breakpoint
CREATE INDEX "frontier_alias_idx" ON "orbweaver"."frontier" USING btree ("crawl_id","seq") WHERE "orbweaver"."frontier"."outcome" in ('redirected', 'canonical');--> statement-breakpoint
CREATE UNIQUE INDEX "markdown_documents_version_key" ON "orbweaver"."markdown_documents" USING btree ("page_id","version");--> statement-breakpoint
CREATE INDEX "markdown_documents_raw_idx" ON "orbweaver"."markdown_documents" USING btree ("raw_hash");--> statement-breakpoint
CREATE INDEX "markdown_documents_crawl_idx" ON "orbweaver"."markdown_documents" USING btree ("crawl_id");--> statement-breakpoint
CREATE INDEX "page_changes_website_idx" ON "orbweaver"."page_changes" USING btree ("website_id","detected_at","id");--> statement-breakpoint
CREATE INDEX "page_changes_page_idx" ON "orbweaver"."page_changes" USING btree ("page_id","detected_at");--> statement-breakpoint
CREATE UNIQUE INDEX "pages_website_url_key" ON "orbweaver"."pages" USING btree ("website_id","url_hash");--> statement-breakpoint
CREATE INDEX "pages_website_idx" ON "orbweaver"."pages" USING btree ("website_id","id");--> statement-breakpoint
CREATE INDEX "pages_path_idx" ON "orbweaver"."pages" USING btree ("website_id","path" text_pattern_ops);--> statement-breakpoint
CREATE INDEX "pages_changed_idx" ON "orbweaver"."pages" USING btree ("website_id","last_changed_at");--> statement-breakpoint
CREATE INDEX "pages_raw_idx" ON "orbweaver"."pages" USING btree ("raw_hash");--> statement-breakpoint
CREATE UNIQUE INDEX "users_email_key" ON "orbweaver"."users" USING btree (lower("email"));--> statement-breakpoint
CREATE UNIQUE INDEX "website_indexes_version_key" ON "orbweaver"."website_indexes" USING btree ("website_id","kind","version");--> statement-breakpoint
CREATE UNIQUE INDEX "websites_user_url_key" ON "orbweaver"."websites" USING btree ("user_id","url") WHERE "orbweaver"."websites"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "websites_user_idx" ON "orbweaver"."websites" USING btree ("user_id","id");--> statement-breakpoint
-- Bodies and documents arrive compressed: keep them out of line and don't try again.
ALTER TABLE "orbweaver"."raw_html" ALTER COLUMN "zstd" SET STORAGE EXTERNAL;
--> statement-breakpoint
ALTER TABLE "orbweaver"."markdown_documents" ALTER COLUMN "markdown" SET STORAGE EXTERNAL;
--> statement-breakpoint
-- The owner of everything while access control is off.
INSERT INTO "orbweaver"."users" ("id", "name", "role") VALUES ('00000000-0000-7000-8000-000000000001', 'local', 'admin');

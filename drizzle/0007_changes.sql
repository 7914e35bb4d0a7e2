CREATE TABLE "orbweaver"."channels" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"website_id" uuid,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"target" jsonb NOT NULL,
	"secret" text,
	"former_secret" text,
	"former_secret_until" timestamp with time zone,
	"event_types" text[] NOT NULL,
	"filter" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"timing" jsonb NOT NULL,
	"template" jsonb,
	"is_explained" boolean DEFAULT false NOT NULL,
	"is_enabled" boolean DEFAULT true NOT NULL,
	"disabled_reason" text,
	"disabled_at" timestamp with time zone,
	"failing_since" timestamp with time zone,
	"next_digest_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "channels_kind_check" CHECK ("orbweaver"."channels"."kind" in ('webhook', 'email', 'slack', 'discord', 'teams', 'ntfy'))
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."deliveries" (
	"id" uuid PRIMARY KEY NOT NULL,
	"channel_id" uuid NOT NULL,
	"event_id" uuid NOT NULL,
	"page_id" uuid,
	"digest_id" uuid,
	"state" text DEFAULT 'pending' NOT NULL,
	"attempts" smallint DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp with time zone,
	"last_status" smallint,
	"last_error" text,
	"delivered_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "deliveries_state_check" CHECK ("orbweaver"."deliveries"."state" in ('held', 'pending', 'delivered', 'failed', 'cancelled'))
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."delivery_attempts" (
	"id" uuid PRIMARY KEY NOT NULL,
	"delivery_id" uuid NOT NULL,
	"attempt" integer NOT NULL,
	"request" jsonb NOT NULL,
	"status" smallint,
	"answer" jsonb,
	"error" text,
	"duration_ms" integer NOT NULL,
	"started_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."events" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"website_id" uuid,
	"crawl_id" uuid,
	"page_id" uuid,
	"change_id" uuid,
	"type" text NOT NULL,
	"payload" jsonb NOT NULL,
	"dispatched_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."page_links" (
	"page_id" uuid NOT NULL,
	"targets" "bytea" NOT NULL,
	CONSTRAINT "page_links_pkey" PRIMARY KEY("page_id")
);
--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_jobs" ADD COLUMN "is_baseline" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_jobs" ADD COLUMN "selection" text DEFAULT 'all' NOT NULL;--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_schedules" ADD COLUMN "adaptive" jsonb;--> statement-breakpoint
ALTER TABLE "orbweaver"."frontier" ADD COLUMN "sitemap_modified_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "orbweaver"."page_changes" ADD COLUMN "from_version" integer;--> statement-breakpoint
ALTER TABLE "orbweaver"."page_changes" ADD COLUMN "to_version" integer;--> statement-breakpoint
ALTER TABLE "orbweaver"."page_changes" ADD COLUMN "from_url" text;--> statement-breakpoint
ALTER TABLE "orbweaver"."page_changes" ADD COLUMN "to_url" text;--> statement-breakpoint
ALTER TABLE "orbweaver"."page_changes" ADD COLUMN "reason" text;--> statement-breakpoint
ALTER TABLE "orbweaver"."page_changes" ADD COLUMN "share" real;--> statement-breakpoint
ALTER TABLE "orbweaver"."page_changes" ADD COLUMN "explanation" text;--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" ADD COLUMN "state" text DEFAULT 'live' NOT NULL;--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" ADD COLUMN "missing_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" ADD COLUMN "missing_visits" smallint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" ADD COLUMN "moved_to" text;--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" ADD COLUMN "is_new" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" ADD COLUMN "baseline_document_id" uuid;--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" ADD COLUMN "compared_hash" "bytea";--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" ADD COLUMN "visits" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" ADD COLUMN "changes" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" ADD COLUMN "unchanged_seconds" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" ADD COLUMN "changed_intervals" integer[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" ADD COLUMN "next_visit_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" ADD COLUMN "visit_plan" jsonb;--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" ADD COLUMN "sitemap_modified_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "orbweaver"."websites" ADD COLUMN "tracking" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "orbweaver"."websites" ADD COLUMN "baseline_crawl_id" uuid;--> statement-breakpoint
ALTER TABLE "orbweaver"."websites" ADD COLUMN "sitemap_trust" jsonb DEFAULT '{"caught":0,"missed":0}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "orbweaver"."channels" ADD CONSTRAINT "channels_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "orbweaver"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."channels" ADD CONSTRAINT "channels_website_id_websites_id_fk" FOREIGN KEY ("website_id") REFERENCES "orbweaver"."websites"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."deliveries" ADD CONSTRAINT "deliveries_channel_id_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "orbweaver"."channels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."deliveries" ADD CONSTRAINT "deliveries_event_id_events_id_fk" FOREIGN KEY ("event_id") REFERENCES "orbweaver"."events"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."delivery_attempts" ADD CONSTRAINT "delivery_attempts_delivery_id_deliveries_id_fk" FOREIGN KEY ("delivery_id") REFERENCES "orbweaver"."deliveries"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."events" ADD CONSTRAINT "events_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "orbweaver"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."events" ADD CONSTRAINT "events_website_id_websites_id_fk" FOREIGN KEY ("website_id") REFERENCES "orbweaver"."websites"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."page_links" ADD CONSTRAINT "page_links_page_id_pages_id_fk" FOREIGN KEY ("page_id") REFERENCES "orbweaver"."pages"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "channels_user_idx" ON "orbweaver"."channels" USING btree ("user_id","id");--> statement-breakpoint
CREATE INDEX "channels_website_idx" ON "orbweaver"."channels" USING btree ("website_id") WHERE "orbweaver"."channels"."website_id" is not null;--> statement-breakpoint
CREATE INDEX "channels_digest_idx" ON "orbweaver"."channels" USING btree ("next_digest_at") WHERE "orbweaver"."channels"."next_digest_at" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "deliveries_event_key" ON "orbweaver"."deliveries" USING btree ("channel_id","event_id");--> statement-breakpoint
CREATE INDEX "deliveries_channel_idx" ON "orbweaver"."deliveries" USING btree ("channel_id","id");--> statement-breakpoint
CREATE INDEX "deliveries_event_idx" ON "orbweaver"."deliveries" USING btree ("event_id");--> statement-breakpoint
CREATE INDEX "deliveries_due_idx" ON "orbweaver"."deliveries" USING btree ("next_attempt_at") WHERE "orbweaver"."deliveries"."state" = 'pending';--> statement-breakpoint
CREATE INDEX "deliveries_held_idx" ON "orbweaver"."deliveries" USING btree ("channel_id","id") WHERE "orbweaver"."deliveries"."state" = 'held';--> statement-breakpoint
CREATE INDEX "delivery_attempts_delivery_idx" ON "orbweaver"."delivery_attempts" USING btree ("delivery_id","attempt");--> statement-breakpoint
CREATE INDEX "delivery_attempts_started_idx" ON "orbweaver"."delivery_attempts" USING btree ("started_at");--> statement-breakpoint
CREATE INDEX "events_undispatched_idx" ON "orbweaver"."events" USING btree ("user_id","id") WHERE "orbweaver"."events"."dispatched_at" is null;--> statement-breakpoint
CREATE INDEX "events_user_idx" ON "orbweaver"."events" USING btree ("user_id","id");--> statement-breakpoint
CREATE INDEX "events_website_idx" ON "orbweaver"."events" USING btree ("website_id","id") WHERE "orbweaver"."events"."website_id" is not null;--> statement-breakpoint
CREATE INDEX "events_created_idx" ON "orbweaver"."events" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "pages_new_idx" ON "orbweaver"."pages" USING btree ("website_id","id") WHERE "orbweaver"."pages"."is_new";--> statement-breakpoint
CREATE INDEX "pages_missing_idx" ON "orbweaver"."pages" USING btree ("website_id","id") WHERE "orbweaver"."pages"."state" <> 'live';--> statement-breakpoint
CREATE INDEX "pages_due_idx" ON "orbweaver"."pages" USING btree ("website_id","next_visit_at") WHERE "orbweaver"."pages"."next_visit_at" is not null;--> statement-breakpoint
ALTER TABLE "orbweaver"."page_changes" ADD CONSTRAINT "page_changes_kind_check" CHECK ("orbweaver"."page_changes"."kind" in ('new', 'changed', 'moved', 'removed', 'restored'));--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" ADD CONSTRAINT "pages_state_check" CHECK ("orbweaver"."pages"."state" in ('live', 'missing', 'removed', 'moved'));--> statement-breakpoint
CREATE TRIGGER "channels_updated_at" BEFORE UPDATE ON "orbweaver"."channels" FOR EACH ROW EXECUTE FUNCTION "orbweaver"."set_updated_at"();--> statement-breakpoint
CREATE TRIGGER "deliveries_updated_at" BEFORE UPDATE ON "orbweaver"."deliveries" FOR EACH ROW EXECUTE FUNCTION "orbweaver"."set_updated_at"();--> statement-breakpoint
DROP TRIGGER "websites_updated_at" ON "orbweaver"."websites";--> statement-breakpoint
CREATE TRIGGER "websites_updated_at" BEFORE UPDATE OF "url", "name", "options", "tracking", "deleted_at" ON "orbweaver"."websites" FOR EACH ROW EXECUTE FUNCTION "orbweaver"."set_updated_at"();--> statement-breakpoint
UPDATE "orbweaver"."websites" w SET "baseline_crawl_id" = (SELECT c."id" FROM "orbweaver"."crawl_jobs" c WHERE c."website_id" = w."id" AND c."state" = 'completed' ORDER BY c."id" LIMIT 1);

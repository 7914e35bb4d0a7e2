CREATE TABLE "orbweaver"."api_keys" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"name" text NOT NULL,
	"hash" "bytea" NOT NULL,
	"prefix" text NOT NULL,
	"permissions" text[] NOT NULL,
	"expires_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "api_keys_permissions_check" CHECK ("orbweaver"."api_keys"."permissions" <@ array['read', 'write', 'admin', 'metrics'])
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."idempotency_keys" (
	"user_id" uuid NOT NULL,
	"key" text NOT NULL,
	"request_hash" "bytea" NOT NULL,
	"status" integer,
	"headers" jsonb,
	"body" "bytea",
	"locked_until" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY("user_id","key")
);
--> statement-breakpoint
DROP INDEX "orbweaver"."users_email_key";--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_jobs" ADD COLUMN "api_key_id" uuid;--> statement-breakpoint
ALTER TABLE "orbweaver"."users" ADD COLUMN "issuer" text;--> statement-breakpoint
ALTER TABLE "orbweaver"."users" ADD COLUMN "subject" text;--> statement-breakpoint
ALTER TABLE "orbweaver"."users" ADD COLUMN "last_seen_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "orbweaver"."api_keys" ADD CONSTRAINT "api_keys_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "orbweaver"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."idempotency_keys" ADD CONSTRAINT "idempotency_keys_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "orbweaver"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "api_keys_hash_key" ON "orbweaver"."api_keys" USING btree ("hash");--> statement-breakpoint
CREATE INDEX "api_keys_user_idx" ON "orbweaver"."api_keys" USING btree ("user_id","id");--> statement-breakpoint
CREATE INDEX "idempotency_keys_expires_idx" ON "orbweaver"."idempotency_keys" USING btree ("expires_at");--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_jobs" ADD CONSTRAINT "crawl_jobs_api_key_id_api_keys_id_fk" FOREIGN KEY ("api_key_id") REFERENCES "orbweaver"."api_keys"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "crawl_jobs_api_key_idx" ON "orbweaver"."crawl_jobs" USING btree ("api_key_id") WHERE "orbweaver"."crawl_jobs"."api_key_id" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "users_identity_key" ON "orbweaver"."users" USING btree ("issuer","subject");--> statement-breakpoint
CREATE INDEX "users_deleted_idx" ON "orbweaver"."users" USING btree ("deleted_at") WHERE "orbweaver"."users"."deleted_at" is not null;--> statement-breakpoint
CREATE INDEX "websites_deleted_idx" ON "orbweaver"."websites" USING btree ("deleted_at") WHERE "orbweaver"."websites"."deleted_at" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "users_email_key" ON "orbweaver"."users" USING btree (lower("email")) WHERE "orbweaver"."users"."deleted_at" is null and "orbweaver"."users"."issuer" is null;--> statement-breakpoint
ALTER TABLE "orbweaver"."users" ADD CONSTRAINT "users_identity_check" CHECK (("orbweaver"."users"."issuer" is null) = ("orbweaver"."users"."subject" is null));--> statement-breakpoint
CREATE FUNCTION "orbweaver"."set_updated_at"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.updated_at = now();
	RETURN NEW;
END
$$;--> statement-breakpoint
CREATE TRIGGER "users_updated_at" BEFORE UPDATE ON "orbweaver"."users" FOR EACH ROW EXECUTE FUNCTION "orbweaver"."set_updated_at"();--> statement-breakpoint
CREATE TRIGGER "api_keys_updated_at" BEFORE UPDATE ON "orbweaver"."api_keys" FOR EACH ROW EXECUTE FUNCTION "orbweaver"."set_updated_at"();--> statement-breakpoint
CREATE TRIGGER "websites_updated_at" BEFORE UPDATE ON "orbweaver"."websites" FOR EACH ROW EXECUTE FUNCTION "orbweaver"."set_updated_at"();--> statement-breakpoint
CREATE TRIGGER "crawl_jobs_updated_at" BEFORE UPDATE ON "orbweaver"."crawl_jobs" FOR EACH ROW EXECUTE FUNCTION "orbweaver"."set_updated_at"();--> statement-breakpoint
CREATE TRIGGER "crawl_schedules_updated_at" BEFORE UPDATE ON "orbweaver"."crawl_schedules" FOR EACH ROW EXECUTE FUNCTION "orbweaver"."set_updated_at"();

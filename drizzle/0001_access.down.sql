DROP TRIGGER "users_updated_at" ON "orbweaver"."users";--> statement-breakpoint
DROP TRIGGER "websites_updated_at" ON "orbweaver"."websites";--> statement-breakpoint
DROP TRIGGER "crawl_jobs_updated_at" ON "orbweaver"."crawl_jobs";--> statement-breakpoint
DROP TRIGGER "crawl_schedules_updated_at" ON "orbweaver"."crawl_schedules";--> statement-breakpoint
DROP INDEX "orbweaver"."crawl_jobs_api_key_idx";--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_jobs" DROP COLUMN "api_key_id";--> statement-breakpoint
DROP TABLE "orbweaver"."idempotency_keys", "orbweaver"."api_keys";--> statement-breakpoint
DROP FUNCTION "orbweaver"."set_updated_at"();--> statement-breakpoint
DROP INDEX "orbweaver"."websites_deleted_idx";--> statement-breakpoint
DROP INDEX "orbweaver"."users_deleted_idx";--> statement-breakpoint
DROP INDEX "orbweaver"."users_identity_key";--> statement-breakpoint
DROP INDEX "orbweaver"."users_email_key";--> statement-breakpoint
-- The address was every user's own before: of those that share one now, the oldest keeps it.
UPDATE "orbweaver"."users" "u" SET "email" = NULL WHERE EXISTS (SELECT FROM "orbweaver"."users" "o" WHERE lower("o"."email") = lower("u"."email") AND "o"."id" < "u"."id");--> statement-breakpoint
CREATE UNIQUE INDEX "users_email_key" ON "orbweaver"."users" USING btree (lower("email"));--> statement-breakpoint
ALTER TABLE "orbweaver"."users" DROP CONSTRAINT "users_identity_check", DROP COLUMN "issuer", DROP COLUMN "subject", DROP COLUMN "last_seen_at";

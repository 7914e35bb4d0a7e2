DROP TRIGGER "websites_updated_at" ON "orbweaver"."websites";--> statement-breakpoint
CREATE TRIGGER "websites_updated_at" BEFORE UPDATE ON "orbweaver"."websites" FOR EACH ROW EXECUTE FUNCTION "orbweaver"."set_updated_at"();--> statement-breakpoint
DROP TABLE "orbweaver"."page_links" CASCADE;--> statement-breakpoint
DROP TABLE "orbweaver"."events" CASCADE;--> statement-breakpoint
DROP TABLE "orbweaver"."delivery_attempts" CASCADE;--> statement-breakpoint
DROP TABLE "orbweaver"."deliveries" CASCADE;--> statement-breakpoint
DROP TABLE "orbweaver"."channels" CASCADE;--> statement-breakpoint
DROP INDEX "orbweaver"."pages_new_idx";--> statement-breakpoint
DROP INDEX "orbweaver"."pages_missing_idx";--> statement-breakpoint
DROP INDEX "orbweaver"."pages_due_idx";--> statement-breakpoint
ALTER TABLE "orbweaver"."page_changes" DROP CONSTRAINT "page_changes_kind_check";--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" DROP CONSTRAINT "pages_state_check";--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_jobs" DROP COLUMN "is_baseline";--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_jobs" DROP COLUMN "selection";--> statement-breakpoint
ALTER TABLE "orbweaver"."crawl_schedules" DROP COLUMN "adaptive";--> statement-breakpoint
ALTER TABLE "orbweaver"."frontier" DROP COLUMN "sitemap_modified_at";--> statement-breakpoint
ALTER TABLE "orbweaver"."page_changes" DROP COLUMN "from_version";--> statement-breakpoint
ALTER TABLE "orbweaver"."page_changes" DROP COLUMN "to_version";--> statement-breakpoint
ALTER TABLE "orbweaver"."page_changes" DROP COLUMN "from_url";--> statement-breakpoint
ALTER TABLE "orbweaver"."page_changes" DROP COLUMN "to_url";--> statement-breakpoint
ALTER TABLE "orbweaver"."page_changes" DROP COLUMN "reason";--> statement-breakpoint
ALTER TABLE "orbweaver"."page_changes" DROP COLUMN "share";--> statement-breakpoint
ALTER TABLE "orbweaver"."page_changes" DROP COLUMN "explanation";--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" DROP COLUMN "state";--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" DROP COLUMN "missing_since";--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" DROP COLUMN "missing_visits";--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" DROP COLUMN "moved_to";--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" DROP COLUMN "is_new";--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" DROP COLUMN "baseline_document_id";--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" DROP COLUMN "compared_hash";--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" DROP COLUMN "visits";--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" DROP COLUMN "changes";--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" DROP COLUMN "unchanged_seconds";--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" DROP COLUMN "changed_intervals";--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" DROP COLUMN "next_visit_at";--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" DROP COLUMN "visit_plan";--> statement-breakpoint
ALTER TABLE "orbweaver"."pages" DROP COLUMN "sitemap_modified_at";--> statement-breakpoint
ALTER TABLE "orbweaver"."websites" DROP COLUMN "tracking";--> statement-breakpoint
ALTER TABLE "orbweaver"."websites" DROP COLUMN "baseline_crawl_id";--> statement-breakpoint
ALTER TABLE "orbweaver"."websites" DROP COLUMN "sitemap_trust";

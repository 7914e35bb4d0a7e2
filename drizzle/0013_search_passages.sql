DROP INDEX "orbweaver"."passages_page_idx";--> statement-breakpoint
CREATE INDEX "passages_page_idx" ON "orbweaver"."passages" USING btree ("page_id");--> statement-breakpoint
ALTER TABLE "orbweaver"."passages" SET (toast_tuple_target = 8160);--> statement-breakpoint
ALTER TABLE "orbweaver"."passages" ALTER COLUMN "terms" SET STATISTICS 1000;--> statement-breakpoint
CREATE TRIGGER "embedding_models_updated_at" BEFORE UPDATE ON "orbweaver"."embedding_models" FOR EACH ROW EXECUTE FUNCTION "orbweaver"."set_updated_at"();--> statement-breakpoint
DROP TRIGGER "websites_updated_at" ON "orbweaver"."websites";--> statement-breakpoint
CREATE TRIGGER "websites_updated_at" BEFORE UPDATE OF "url", "name", "options", "tracking", "llms", "deleted_at" ON "orbweaver"."websites" FOR EACH ROW EXECUTE FUNCTION "orbweaver"."set_updated_at"();

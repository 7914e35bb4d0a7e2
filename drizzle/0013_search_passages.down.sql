DROP TRIGGER "websites_updated_at" ON "orbweaver"."websites";--> statement-breakpoint
CREATE TRIGGER "websites_updated_at" BEFORE UPDATE OF "url", "name", "options", "tracking", "deleted_at" ON "orbweaver"."websites" FOR EACH ROW EXECUTE FUNCTION "orbweaver"."set_updated_at"();--> statement-breakpoint
DROP TABLE IF EXISTS "orbweaver"."passage_vectors";--> statement-breakpoint
DROP TABLE "orbweaver"."embedding_models";--> statement-breakpoint
DROP TABLE "orbweaver"."website_words";--> statement-breakpoint
DROP TABLE "orbweaver"."indexed_websites";--> statement-breakpoint
DROP TABLE "orbweaver"."indexed_pages";--> statement-breakpoint
DROP TABLE "orbweaver"."passages";--> statement-breakpoint
ALTER TABLE "orbweaver"."website_indexes" DROP COLUMN "pages";--> statement-breakpoint
ALTER TABLE "orbweaver"."website_indexes" DROP COLUMN "byte_length";--> statement-breakpoint
ALTER TABLE "orbweaver"."websites" DROP COLUMN "llms";

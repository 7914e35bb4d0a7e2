CREATE TABLE "orbweaver"."embedding_models" (
	"id" uuid PRIMARY KEY NOT NULL,
	"endpoint" text NOT NULL,
	"model" text NOT NULL,
	"dimensions" integer NOT NULL,
	"state" text DEFAULT 'building' NOT NULL,
	"last_failure" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "embedding_models_state_check" CHECK ("orbweaver"."embedding_models"."state" in ('building', 'serving', 'retired'))
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."indexed_pages" (
	"page_id" uuid NOT NULL,
	"website_id" uuid NOT NULL,
	"document_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"make" smallint NOT NULL,
	"title" text,
	"summary" text,
	"breadcrumbs" text[] DEFAULT '{}' NOT NULL,
	"language" text,
	"byte_length" bigint NOT NULL,
	"tokens" integer NOT NULL,
	"passages" integer NOT NULL,
	"simhash" bigint NOT NULL,
	"indexed_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "indexed_pages_pkey" PRIMARY KEY("page_id")
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."indexed_websites" (
	"website_id" uuid NOT NULL,
	"pages" integer NOT NULL,
	"passages" integer NOT NULL,
	"dictionaries" jsonb NOT NULL,
	"indexed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "indexed_websites_pkey" PRIMARY KEY("website_id")
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."passages" (
	"id" uuid PRIMARY KEY NOT NULL,
	"website_id" uuid NOT NULL,
	"page_id" uuid NOT NULL,
	"place" integer NOT NULL,
	"hash" uuid NOT NULL,
	"heading_path" text[] DEFAULT '{}' NOT NULL,
	"anchor" text,
	"text" "bytea" NOT NULL,
	"dictionary" text NOT NULL,
	"terms" "tsvector" NOT NULL,
	"tokens" integer NOT NULL,
	"from_version" integer NOT NULL,
	"from_at" timestamp with time zone NOT NULL,
	"to_version" integer,
	"to_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "orbweaver"."website_words" (
	"website_id" uuid NOT NULL,
	"word" text NOT NULL,
	CONSTRAINT "website_words_pkey" PRIMARY KEY("website_id","word")
);
--> statement-breakpoint
ALTER TABLE "orbweaver"."website_indexes" ADD COLUMN "byte_length" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "orbweaver"."website_indexes" ADD COLUMN "pages" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "orbweaver"."websites" ADD COLUMN "llms" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "orbweaver"."indexed_pages" ADD CONSTRAINT "indexed_pages_page_id_pages_id_fk" FOREIGN KEY ("page_id") REFERENCES "orbweaver"."pages"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."indexed_pages" ADD CONSTRAINT "indexed_pages_website_id_websites_id_fk" FOREIGN KEY ("website_id") REFERENCES "orbweaver"."websites"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."indexed_websites" ADD CONSTRAINT "indexed_websites_website_id_websites_id_fk" FOREIGN KEY ("website_id") REFERENCES "orbweaver"."websites"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."passages" ADD CONSTRAINT "passages_website_id_websites_id_fk" FOREIGN KEY ("website_id") REFERENCES "orbweaver"."websites"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."passages" ADD CONSTRAINT "passages_page_id_pages_id_fk" FOREIGN KEY ("page_id") REFERENCES "orbweaver"."pages"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "orbweaver"."website_words" ADD CONSTRAINT "website_words_website_id_websites_id_fk" FOREIGN KEY ("website_id") REFERENCES "orbweaver"."websites"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "embedding_models_model_key" ON "orbweaver"."embedding_models" USING btree ("endpoint","model","dimensions");--> statement-breakpoint
CREATE INDEX "indexed_pages_website_idx" ON "orbweaver"."indexed_pages" USING btree ("website_id","page_id");--> statement-breakpoint
CREATE INDEX "passages_terms_idx" ON "orbweaver"."passages" USING gin ("terms") WHERE "orbweaver"."passages"."to_at" is null;--> statement-breakpoint
CREATE INDEX "passages_former_terms_idx" ON "orbweaver"."passages" USING gin ("terms") WHERE "orbweaver"."passages"."to_at" is not null;--> statement-breakpoint
CREATE INDEX "passages_page_idx" ON "orbweaver"."passages" USING btree ("page_id");--> statement-breakpoint
CREATE INDEX "passages_website_idx" ON "orbweaver"."passages" USING btree ("website_id","id");--> statement-breakpoint
ALTER TABLE "orbweaver"."passages" SET (toast_tuple_target = 8160);--> statement-breakpoint
ALTER TABLE "orbweaver"."passages" ALTER COLUMN "terms" SET STATISTICS 200;--> statement-breakpoint
CREATE TRIGGER "embedding_models_updated_at" BEFORE UPDATE ON "orbweaver"."embedding_models" FOR EACH ROW EXECUTE FUNCTION "orbweaver"."set_updated_at"();--> statement-breakpoint
DROP TRIGGER "websites_updated_at" ON "orbweaver"."websites";--> statement-breakpoint
CREATE TRIGGER "websites_updated_at" BEFORE UPDATE OF "url", "name", "options", "tracking", "llms", "deleted_at" ON "orbweaver"."websites" FOR EACH ROW EXECUTE FUNCTION "orbweaver"."set_updated_at"();

ALTER TABLE "orbweaver"."events" ADD COLUMN "sequence" bigint;--> statement-breakpoint
CREATE UNIQUE INDEX "events_sequence_key" ON "orbweaver"."events" USING btree ("user_id","sequence");
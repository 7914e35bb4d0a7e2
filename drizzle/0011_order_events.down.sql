DROP INDEX "orbweaver"."events_sequence_key";--> statement-breakpoint
ALTER TABLE "orbweaver"."events" DROP COLUMN "sequence";

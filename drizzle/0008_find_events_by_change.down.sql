DROP INDEX "orbweaver"."events_change_idx";

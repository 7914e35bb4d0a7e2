ALTER TABLE "orbweaver"."pages" RESET (fillfactor);

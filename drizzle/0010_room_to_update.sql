ALTER TABLE "orbweaver"."pages" SET (fillfactor = 70);

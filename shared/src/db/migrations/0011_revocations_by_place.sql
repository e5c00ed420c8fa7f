ALTER TABLE "revocations" DROP CONSTRAINT "revocations_whom";--> statement-breakpoint
-- Of before numbers counted: a visitor's places, whatever their numbers.
UPDATE "revocations" SET "number_to" = 2147483647 WHERE "visitor" IS NOT NULL AND "number_to" IS NULL;--> statement-breakpoint
ALTER TABLE "revocations" ADD CONSTRAINT "revocations_whom" CHECK ((visitor is null) = (number_from is not null) and number_to is not null);

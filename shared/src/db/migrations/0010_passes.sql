CREATE TABLE "spent_passes" (
	"sale_id" text NOT NULL,
	"pass_id" text NOT NULL,
	"visitor" text NOT NULL,
	"number" bigint NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "spent_passes_sale_id_pass_id_pk" PRIMARY KEY("sale_id","pass_id")
);
--> statement-breakpoint
ALTER TABLE "redemptions" ADD COLUMN "place" bigint;
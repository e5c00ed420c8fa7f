CREATE TABLE "sale_appearances" (
	"sale_id" text PRIMARY KEY NOT NULL,
	"appearance" jsonb NOT NULL,
	"version" integer NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);

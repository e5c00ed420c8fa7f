CREATE TABLE "room_minutes" (
	"sale_id" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"figures" jsonb NOT NULL,
	CONSTRAINT "room_minutes_sale_id_at_pk" PRIMARY KEY("sale_id","at")
);
--> statement-breakpoint
CREATE TABLE "room_seconds" (
	"sale_id" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"figures" jsonb NOT NULL,
	CONSTRAINT "room_seconds_sale_id_at_pk" PRIMARY KEY("sale_id","at")
);
--> statement-breakpoint
CREATE INDEX "room_minutes_by_age" ON "room_minutes" USING btree ("at");--> statement-breakpoint
CREATE INDEX "room_seconds_by_age" ON "room_seconds" USING btree ("at");
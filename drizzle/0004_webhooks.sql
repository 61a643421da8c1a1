CREATE TABLE `webhooks` (
	`webhook_id` text PRIMARY KEY NOT NULL,
	`workspace` text DEFAULT 'default' NOT NULL,
	`name` text NOT NULL,
	`description` text,
	`url` text NOT NULL,
	`secret` text,
	`status` text DEFAULT 'ACTIVE' NOT NULL,
	`creation_time` integer NOT NULL,
	`last_update_time` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `webhook_events` (
	`entity` text NOT NULL,
	`action` text NOT NULL,
	`webhook_id` text NOT NULL,
	PRIMARY KEY(`entity`, `action`, `webhook_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `webhook_outbox` (
	`target` text NOT NULL,
	`delivery_id` text NOT NULL,
	`event` text NOT NULL,
	`body` text NOT NULL,
	`url` text,
	`secret` text,
	`headers` text,
	`creation_time` integer NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`next_time` integer NOT NULL,
	PRIMARY KEY(`target`, `delivery_id`)
) WITHOUT ROWID;

CREATE TABLE `open_uploads` (
	`upload_id` text PRIMARY KEY NOT NULL,
	`path` text NOT NULL,
	`start_time` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `open_uploads_by_start` ON `open_uploads` (`start_time`);--> statement-breakpoint
CREATE TABLE `signing_keys` (
	`purpose` text PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`creation_time` integer NOT NULL
) WITHOUT ROWID;

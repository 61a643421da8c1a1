CREATE TABLE `registered_models` (
	`model_id` integer PRIMARY KEY NOT NULL,
	`workspace` text DEFAULT 'default' NOT NULL,
	`name` text NOT NULL,
	`description` text NOT NULL,
	`creation_time` integer NOT NULL,
	`last_updated_time` integer NOT NULL,
	`last_version` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `registered_models_name` ON `registered_models` (`workspace`,`name`);--> statement-breakpoint
CREATE TABLE `registered_model_tags` (
	`model_id` integer NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	PRIMARY KEY(`model_id`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `registered_model_aliases` (
	`model_id` integer NOT NULL,
	`alias` text NOT NULL,
	`version` integer NOT NULL,
	PRIMARY KEY(`model_id`, `alias`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `model_versions` (
	`model_id` integer NOT NULL,
	`version` integer NOT NULL,
	`creation_time` integer NOT NULL,
	`last_updated_time` integer NOT NULL,
	`description` text,
	`stage` text DEFAULT 'None' NOT NULL,
	`source` text NOT NULL,
	`storage_location` text NOT NULL,
	`run_id` text NOT NULL,
	`run_link` text NOT NULL,
	PRIMARY KEY(`model_id`, `version`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `model_versions_by_update` ON `model_versions` (`model_id`,"last_updated_time" DESC,"version" DESC);--> statement-breakpoint
CREATE INDEX `model_versions_recent` ON `model_versions` ("last_updated_time" DESC);--> statement-breakpoint
CREATE INDEX `model_versions_by_run` ON `model_versions` (`run_id`);--> statement-breakpoint
CREATE INDEX `model_versions_staged` ON `model_versions` (`model_id`,`stage`,`version`) WHERE "model_versions"."stage" <> 'None';--> statement-breakpoint
CREATE TABLE `model_version_tags` (
	`model_id` integer NOT NULL,
	`version` integer NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	PRIMARY KEY(`model_id`, `version`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `model_versions_of_prompts` ON `model_version_tags` (`model_id`) WHERE "model_version_tags"."key" = 'mlflow.prompt.is_prompt' AND "model_version_tags"."value" = 'true';

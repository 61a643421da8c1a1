CREATE TABLE `counters` (
	`name` text PRIMARY KEY NOT NULL,
	`value` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `experiment_tags` (
	`experiment_id` text NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	PRIMARY KEY(`experiment_id`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `experiments` (
	`experiment_id` text PRIMARY KEY NOT NULL,
	`workspace` text DEFAULT 'default' NOT NULL,
	`name` text NOT NULL,
	`artifact_location` text NOT NULL,
	`lifecycle_stage` text DEFAULT 'active' NOT NULL,
	`creation_time` integer NOT NULL,
	`last_update_time` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `experiments_name` ON `experiments` (`workspace`,`name`);--> statement-breakpoint
CREATE TABLE `latest_metrics` (
	`run_id` text NOT NULL,
	`key` text NOT NULL,
	`value` real NOT NULL,
	`timestamp` integer NOT NULL,
	`step` integer NOT NULL,
	`is_nan` integer DEFAULT 0 NOT NULL,
	`experiment_id` text NOT NULL,
	PRIMARY KEY(`run_id`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `metric_chunks` (
	`run_id` text NOT NULL,
	`key` text NOT NULL,
	`position` integer NOT NULL,
	`part` integer NOT NULL,
	`count` integer NOT NULL,
	`min_step` integer NOT NULL,
	`max_step` integer NOT NULL,
	`min_timestamp` integer NOT NULL,
	`max_timestamp` integer NOT NULL,
	`directory` text NOT NULL,
	`data` text NOT NULL,
	PRIMARY KEY(`run_id`, `key`, `position`, `part`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `logged_model_metrics` (
	`model_id` text NOT NULL,
	`key` text NOT NULL,
	`timestamp` integer NOT NULL,
	`step` integer NOT NULL,
	`value` real NOT NULL,
	`is_nan` integer NOT NULL,
	`run_id` text NOT NULL,
	`dataset_name` text DEFAULT '' NOT NULL,
	`dataset_digest` text DEFAULT '' NOT NULL,
	`experiment_id` text NOT NULL,
	PRIMARY KEY(`model_id`, `key`, `timestamp`, `step`, `run_id`, `dataset_name`, `dataset_digest`, `value`, `is_nan`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `logged_model_params` (
	`model_id` text NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	PRIMARY KEY(`model_id`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `logged_model_tags` (
	`model_id` text NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	PRIMARY KEY(`model_id`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `logged_models` (
	`model_id` text PRIMARY KEY NOT NULL,
	`experiment_id` text NOT NULL,
	`name` text NOT NULL,
	`artifact_uri` text NOT NULL,
	`status` text NOT NULL,
	`status_message` text,
	`model_type` text NOT NULL,
	`source_run_id` text NOT NULL,
	`creation_time` integer NOT NULL,
	`last_update_time` integer NOT NULL,
	`lifecycle_stage` text DEFAULT 'active' NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `logged_models_by_creation` ON `logged_models` (`experiment_id`,`lifecycle_stage`,"creation_time" DESC,`model_id`);--> statement-breakpoint
CREATE TABLE `dataset_inputs` (
	`run_id` text NOT NULL,
	`experiment_id` text NOT NULL,
	`name` text NOT NULL,
	`digest` text NOT NULL,
	`context` text,
	`tags` text NOT NULL,
	PRIMARY KEY(`run_id`, `name`, `digest`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `datasets` (
	`experiment_id` text NOT NULL,
	`name` text NOT NULL,
	`digest` text NOT NULL,
	`source_type` text NOT NULL,
	`source` text NOT NULL,
	`schema` text,
	`profile` text,
	PRIMARY KEY(`experiment_id`, `name`, `digest`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `params` (
	`run_id` text NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	`experiment_id` text NOT NULL,
	PRIMARY KEY(`run_id`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `run_models` (
	`run_id` text NOT NULL,
	`kind` text NOT NULL,
	`model_id` text NOT NULL,
	`step` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`run_id`, `kind`, `model_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `runs` (
	`run_id` text PRIMARY KEY NOT NULL,
	`experiment_id` text NOT NULL,
	`name` text NOT NULL,
	`user_id` text NOT NULL,
	`status` text NOT NULL,
	`start_time` integer NOT NULL,
	`end_time` integer,
	`lifecycle_stage` text DEFAULT 'active' NOT NULL,
	`deleted_time` integer,
	`artifact_uri` text NOT NULL,
	`hot` integer DEFAULT 0 NOT NULL,
	`log_position` integer DEFAULT 0 NOT NULL,
	`log_accepted` integer DEFAULT 0 NOT NULL,
	`log_duplicate` integer DEFAULT 0 NOT NULL,
	`log_rejected` integer DEFAULT 0 NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `runs_by_start` ON `runs` (`experiment_id`,`lifecycle_stage`,"start_time" DESC,`run_id`);--> statement-breakpoint
CREATE INDEX `runs_hot` ON `runs` (`experiment_id`) WHERE "runs"."hot" = 1;--> statement-breakpoint
CREATE TABLE `tags` (
	`run_id` text NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	`experiment_id` text NOT NULL,
	PRIMARY KEY(`run_id`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `counters` (`name`, `value`) VALUES ('experiment', 0);
--> statement-breakpoint
INSERT INTO `experiments` (`experiment_id`, `name`, `artifact_location`, `creation_time`, `last_update_time`)
VALUES ('0', 'Default', 'mlflow-artifacts:/0', strftime('%s', 'now') * 1000, strftime('%s', 'now') * 1000);

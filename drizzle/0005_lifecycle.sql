CREATE TABLE `dataset_uses` (
	`experiment_id` text NOT NULL,
	`name` text NOT NULL,
	`digest` text NOT NULL,
	`context` text NOT NULL,
	PRIMARY KEY(`experiment_id`, `name`, `digest`, `context`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `dataset_uses` (`experiment_id`, `name`, `digest`, `context`)
SELECT DISTINCT `experiment_id`, `name`, `digest`, coalesce(`context`, '') FROM `dataset_inputs`;
--> statement-breakpoint
CREATE TABLE `removals` (
	`kind` text NOT NULL,
	`id` text NOT NULL,
	`artifact_uri` text NOT NULL,
	`hot` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`kind`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `runs_deleted` ON `runs` (`deleted_time`) WHERE "runs"."deleted_time" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `experiments_deleted` ON `experiments` (`last_update_time`) WHERE "experiments"."lifecycle_stage" = 'deleted';--> statement-breakpoint
CREATE INDEX `logged_models_deleted` ON `logged_models` (`last_update_time`) WHERE "logged_models"."lifecycle_stage" = 'deleted';--> statement-breakpoint
CREATE INDEX `logged_model_metrics_by_run` ON `logged_model_metrics` (`run_id`);

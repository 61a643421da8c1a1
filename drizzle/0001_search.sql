CREATE INDEX `latest_metrics_by_value` ON `latest_metrics` (`experiment_id`,`key`,`is_nan`,`value`);--> statement-breakpoint
CREATE INDEX `params_by_value` ON `params` (`experiment_id`,`key`,`value`);--> statement-breakpoint
CREATE INDEX `tags_by_value` ON `tags` (`experiment_id`,`key`,`value`);--> statement-breakpoint
CREATE INDEX `dataset_inputs_by_name` ON `dataset_inputs` (`experiment_id`,`name`,`digest`,`context`);--> statement-breakpoint
CREATE INDEX `runs_by_status` ON `runs` (`experiment_id`,`lifecycle_stage`,`status`,"start_time" DESC,`run_id`);--> statement-breakpoint
CREATE INDEX `experiments_by_creation` ON `experiments` (`workspace`,`lifecycle_stage`,"creation_time" DESC);

DROP INDEX `logged_model_metrics_by_run`;--> statement-breakpoint
INSERT INTO `run_models` (`run_id`, `kind`, `model_id`, `step`)
SELECT DISTINCT `run_id`, 'metric', `model_id`, 0 FROM `logged_model_metrics` WHERE true ON CONFLICT DO NOTHING;

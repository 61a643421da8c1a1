CREATE TABLE `monitors` (
	`monitor_id` text PRIMARY KEY NOT NULL,
	`scope` text NOT NULL,
	`experiment_id` text NOT NULL,
	`name` text NOT NULL,
	`metric` text NOT NULL,
	`kind` text NOT NULL,
	`definition` text NOT NULL,
	`targets` text NOT NULL,
	`enabled` integer NOT NULL,
	`muted_until` integer DEFAULT 0 NOT NULL,
	`version` integer DEFAULT 1 NOT NULL,
	`created_time` integer NOT NULL,
	`updated_time` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `monitors_by_scope` ON `monitors` (`scope`);
--> statement-breakpoint
CREATE INDEX `monitors_by_experiment` ON `monitors` (`experiment_id`);
--> statement-breakpoint
CREATE TABLE `alerts` (
	`alert_id` text PRIMARY KEY NOT NULL,
	`monitor_id` text NOT NULL,
	`run_id` text NOT NULL,
	`experiment_id` text NOT NULL,
	`name` text NOT NULL,
	`metric` text NOT NULL,
	`sentence` text NOT NULL,
	`severity` text NOT NULL,
	`state` text NOT NULL,
	`evidence` text NOT NULL,
	`resolution` text,
	`opened_time` integer NOT NULL,
	`opened_step` integer NOT NULL,
	`opened_timestamp` integer NOT NULL,
	`resolved_time` integer,
	`changed_step` integer NOT NULL,
	`changed_timestamp` integer NOT NULL,
	`reopened` integer DEFAULT 0 NOT NULL,
	`muted` integer DEFAULT 0 NOT NULL,
	`acknowledged_time` integer,
	`acknowledged_by` text,
	`note` text,
	`change_id` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `alerts_by_run` ON `alerts` (`run_id`,`monitor_id`,`opened_time`);
--> statement-breakpoint
CREATE INDEX `alerts_by_experiment` ON `alerts` (`experiment_id`,`opened_time`);
--> statement-breakpoint
CREATE INDEX `alerts_by_monitor` ON `alerts` (`monitor_id`,`opened_time`);
--> statement-breakpoint
CREATE INDEX `alerts_by_time` ON `alerts` (`opened_time`);
--> statement-breakpoint
CREATE INDEX `alerts_firing` ON `alerts` (`opened_time`) WHERE `state` = 'firing';

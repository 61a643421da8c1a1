CREATE TABLE `metric_chunk_rows` (
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
);
--> statement-breakpoint
INSERT INTO `metric_chunk_rows` SELECT `run_id`, `key`, `position`, `part`, `count`, `min_step`, `max_step`, `min_timestamp`, `max_timestamp`, `directory`, `data` FROM `metric_chunks`;
--> statement-breakpoint
DROP TABLE `metric_chunks`;
--> statement-breakpoint
ALTER TABLE `metric_chunk_rows` RENAME TO `metric_chunks`;

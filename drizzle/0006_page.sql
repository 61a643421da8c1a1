CREATE TABLE `page_views` (
	`experiment_id` text NOT NULL,
	`view_id` text NOT NULL,
	`name` text NOT NULL,
	`address` text NOT NULL,
	`created_time` integer NOT NULL,
	`updated_time` integer NOT NULL,
	PRIMARY KEY(`experiment_id`, `view_id`)
) WITHOUT ROWID;

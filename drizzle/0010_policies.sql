CREATE TABLE `policies` (
	`policy_id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`mode` text NOT NULL,
	`enabled` integer NOT NULL,
	`experiments` text NOT NULL,
	`rules` text NOT NULL,
	`created_time` integer NOT NULL,
	`updated_time` integer NOT NULL
) WITHOUT ROWID;

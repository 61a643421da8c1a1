ALTER TABLE `runs` ADD `watched` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `experiments` ADD `watched` integer DEFAULT 0 NOT NULL;

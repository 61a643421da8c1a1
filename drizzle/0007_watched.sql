ALTER TABLE `runs` ADD `watched` integer DEFAULT 0 NOT NULL;

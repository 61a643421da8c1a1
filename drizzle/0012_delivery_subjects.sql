ALTER TABLE `webhook_outbox` ADD `subject` text;--> statement-breakpoint
CREATE INDEX `webhook_outbox_subjects` ON `webhook_outbox` (`target`,`subject`,`delivery_id`) WHERE "webhook_outbox"."subject" IS NOT NULL;

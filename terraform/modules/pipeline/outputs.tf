# Where to look when a run fails.

output "dead_letter_queue" {
  description = "Name of the queue that keeps failed runs."
  value       = aws_sqs_queue.failed.name
}

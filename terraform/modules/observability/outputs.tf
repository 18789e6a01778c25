# Whom to subscribe to.

output "topic_arn" {
  description = "The topic that hears of failures."
  value       = aws_sns_topic.alarms.arn
}

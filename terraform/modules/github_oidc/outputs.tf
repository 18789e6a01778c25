# What the workflow has to name.

output "role_arn" {
  description = "The role that the workflow takes."
  value       = aws_iam_role.publisher.arn
}

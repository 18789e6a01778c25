# Where to push, and what to allow.

output "url" {
  description = "The repository's address, without a tag."
  value       = aws_ecr_repository.pipeline.repository_url
}

output "arn" {
  description = "The repository, for policies."
  value       = aws_ecr_repository.pipeline.arn
}

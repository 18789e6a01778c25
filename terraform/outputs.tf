# What people and workflows need to know once the stack stands.

output "site_bucket" {
  description = "The bucket to upload the book to."
  value       = module.site.bucket
}

output "site_url" {
  description = "Where the book is read."
  # browsers take every name that ends in localhost for this machine
  value = local.cdn ? "https://${module.site.cdn_domain}/" : "http://${module.site.bucket}.s3-website.localhost${regex(":[0-9]+$", var.local_endpoint)}/"
}

output "cdn_id" {
  description = "The CDN whose cache to invalidate after an upload; null where there is none."
  value       = module.site.cdn_id
}

output "registry_url" {
  description = "Where to push the pipeline's image; null where there is no registry."
  value       = one(module.registry[*].url)
}

output "publisher_role_arn" {
  description = "The role that the repository's workflow takes; null without a repository."
  value       = one(module.github_oidc[*].role_arn)
}

output "alarm_topic_arn" {
  description = "The topic that hears of failures: subscribe whoever has to act."
  value       = module.observability.topic_arn
}

output "region" {
  description = "The AWS region."
  value       = var.region
}

output "local_endpoint" {
  description = "Where calls go instead of AWS; null is AWS."
  value       = var.local_endpoint
}

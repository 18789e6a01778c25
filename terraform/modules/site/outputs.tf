# Where to upload, and where to read.

output "bucket" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.site.bucket
}

output "bucket_arn" {
  description = "The bucket, for policies."
  value       = aws_s3_bucket.site.arn
}

output "cdn_id" {
  description = "The CDN, for invalidations; null without one."
  value       = one(aws_cloudfront_distribution.site[*].id)
}

output "cdn_arn" {
  description = "The CDN, for policies; null without one."
  value       = one(aws_cloudfront_distribution.site[*].arn)
}

output "cdn_domain" {
  description = "The CDN's own name; null without one."
  value       = one(aws_cloudfront_distribution.site[*].domain_name)
}

# What the stack's backend has to know.

output "backend" {
  description = "The bucket that keeps the state, its region, and the address to call where it is not AWS."
  value = {
    bucket   = aws_s3_bucket.state.bucket
    region   = var.region
    endpoint = var.local_endpoint
  }
  # who takes the name from here finds a bucket that is versioned, encrypted and closed
  depends_on = [
    aws_s3_bucket_versioning.state,
    aws_s3_bucket_server_side_encryption_configuration.state,
    aws_s3_bucket_policy.state,
  ]
}

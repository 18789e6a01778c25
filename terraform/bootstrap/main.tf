# The bucket that keeps the stack's state: it must exist before the stack, so it is a root of its own with a local state.

terraform {
  required_version = ">= 1.11, < 2.0"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
  # `python -m terraform` names the file, one for each environment
  backend "local" {}
}

provider "aws" {
  region                      = var.region
  access_key                  = local.on_aws ? null : "local"
  secret_key                  = local.on_aws ? null : "local"
  skip_credentials_validation = !local.on_aws
  skip_metadata_api_check     = !local.on_aws
  s3_use_path_style           = !local.on_aws
  max_retries                 = local.on_aws ? null : 2

  dynamic "endpoints" {
    for_each = local.on_aws ? [] : [var.local_endpoint]
    content {
      s3  = endpoints.value
      sts = endpoints.value
    }
  }

  default_tags {
    tags = { project = var.prefix, managed_by = "terraform" }
  }
}

data "aws_caller_identity" "here" {}
data "aws_partition" "here" {}

locals {
  on_aws = var.local_endpoint == null
  # bucket names are shared by all accounts, so this account's number is in it
  name = "${var.prefix}-state-${data.aws_caller_identity.here.account_id}"
  arn  = "arn:${data.aws_partition.here.partition}:s3:::${local.name}"
}

resource "aws_s3_bucket" "state" {
  #checkov:skip=CKV_AWS_18:An access log would need a second bucket, which would need one too; CloudTrail data events tell who read the state.
  #checkov:skip=CKV_AWS_144:Every version of the state is kept; a lost region takes the stack with it, and a new region starts with a new state.
  #checkov:skip=CKV_AWS_145:SSE-S3 encrypts the state; a key of its own costs each month and protects from nobody who may read the bucket.
  #checkov:skip=CKV2_AWS_61:Every version stays: they are small, and an old one may be the one that is needed.
  #checkov:skip=CKV2_AWS_62:Nothing has to happen when the state changes.
  bucket        = local.name
  force_destroy = !var.deletion_protection
}

resource "aws_s3_bucket_versioning" "state" {
  bucket = aws_s3_bucket.state.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "state" {
  bucket = aws_s3_bucket.state.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "state" {
  bucket                  = aws_s3_bucket.state.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "state" {
  bucket = aws_s3_bucket.state.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_policy" "state" {
  bucket = aws_s3_bucket.state.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      # a wildcard that takes away: nothing at all without TLS
      Action    = "s3:*"
      Resource  = [local.arn, "${local.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
  depends_on = [aws_s3_bucket_public_access_block.state]
}

# Publishes the book: a private bucket behind a CDN on AWS; an S3 website where the stand-in has no CDN.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

locals {
  arn = "arn:${var.partition}:s3:::${var.bucket}"

  closed = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyOurCdnReads"
        Effect    = "Allow"
        Principal = { Service = "cloudfront.amazonaws.com" }
        Action    = "s3:GetObject"
        Resource  = "${local.arn}/*" # every page of this one bucket
        Condition = { StringEquals = { "AWS:SourceArn" = one(aws_cloudfront_distribution.site[*].arn) } }
      },
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        # a wildcard that takes away: nothing at all without TLS
        Action    = "s3:*"
        Resource  = [local.arn, "${local.arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }
    ]
  })

  # only on a stand-in, where nobody but this machine is everybody
  open = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "EverybodyReads"
      Effect    = "Allow"
      Principal = "*"
      Action    = "s3:GetObject"
      Resource  = "${local.arn}/*"
    }]
  })
}

resource "aws_s3_bucket" "site" {
  #checkov:skip=CKV_AWS_18:The book is public and anonymous; nobody needs to know who read it.
  #checkov:skip=CKV_AWS_144:The book is built again by one command, so a second region would keep a copy of a copy.
  #checkov:skip=CKV_AWS_145:SSE-S3 encrypts what is then published to everybody; a key of its own would protect nothing.
  #checkov:skip=CKV2_AWS_62:Nothing has to happen when a page changes.
  bucket        = var.bucket
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_versioning" "site" {
  bucket = aws_s3_bucket.site.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "site" {
  bucket = aws_s3_bucket.site.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_ownership_controls" "site" {
  bucket = aws_s3_bucket.site.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "site" {
  # a stand-in's bucket lives no day
  count = var.cdn ? 1 : 0
  # versions that the rule would count exist only once versioning is on
  bucket = aws_s3_bucket_versioning.site.bucket
  rule {
    id     = "old-versions"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration {
      noncurrent_days = 30
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
}

resource "aws_s3_bucket_public_access_block" "site" {
  #checkov:skip=CKV_AWS_54:Closed wherever there is a CDN, so always on AWS; open only on a stand-in on this machine.
  #checkov:skip=CKV_AWS_56:Closed wherever there is a CDN, so always on AWS; open only on a stand-in on this machine.
  bucket                  = aws_s3_bucket.site.id
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = var.cdn
  restrict_public_buckets = var.cdn
}

resource "aws_s3_bucket_policy" "site" {
  bucket     = aws_s3_bucket.site.id
  policy     = var.cdn ? local.closed : local.open
  depends_on = [aws_s3_bucket_public_access_block.site]
}

resource "aws_s3_object" "missing" {
  #checkov:skip=CKV_AWS_186:SSE-S3 encrypts what is then published to everybody; a key of its own would protect nothing.
  bucket       = aws_s3_bucket.site.id
  key          = "404.html"
  content_type = "text/html; charset=utf-8"
  content      = file("${path.module}/404.html")
  etag         = filemd5("${path.module}/404.html")
}

# Without a CDN: the bucket itself serves the pages

resource "aws_s3_bucket_website_configuration" "site" {
  count  = var.cdn ? 0 : 1
  bucket = aws_s3_bucket.site.id
  index_document {
    suffix = "index.html"
  }
  error_document {
    key = aws_s3_object.missing.key
  }
}

# With a CDN ------------------------------------------------------------------------------------------------------

resource "aws_cloudfront_origin_access_control" "site" {
  count                             = var.cdn ? 1 : 0
  name                              = "${var.prefix}-site"
  description                       = "Lets the CDN, and nobody else, read the book's bucket."
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

# A bucket has no folders: this finds the page that a folder's address means
resource "aws_cloudfront_function" "index" {
  count   = var.cdn && var.edge ? 1 : 0
  name    = "${var.prefix}-index"
  comment = "Serves index.html for the address of a folder."
  runtime = "cloudfront-js-2.0"
  code    = file("${path.module}/index.js")
  publish = true
}

resource "aws_cloudfront_response_headers_policy" "site" {
  #checkov:skip=CKV_AWS_259:TLS for a year is set; the browsers' own list would bind a domain for good, and this name is the CDN's.
  count   = var.cdn && var.edge ? 1 : 0
  name    = "${var.prefix}-site"
  comment = "TLS only, no framing by others, no guessing of types, nothing loaded from elsewhere."
  security_headers_config {
    strict_transport_security {
      access_control_max_age_sec = 31536000
      include_subdomains         = true
      override                   = true
    }
    content_security_policy {
      content_security_policy = var.content_security_policy
      override                = true
    }
    content_type_options {
      override = true
    }
    frame_options {
      frame_option = "SAMEORIGIN"
      override     = true
    }
    referrer_policy {
      referrer_policy = "strict-origin-when-cross-origin"
      override        = true
    }
  }
}

resource "aws_cloudfront_distribution" "site" {
  #checkov:skip=CKV_AWS_68:A firewall guards what runs; these are static public files.
  #checkov:skip=CKV2_AWS_47:A firewall guards what runs; these are static public files, and no Java logs anything here.
  #checkov:skip=CKV_AWS_86:The book is public and anonymous; nobody needs to know who read it.
  #checkov:skip=CKV_AWS_174:The minimum is TLS 1.2 wherever a certificate of one's own is given; with the CDN's own name AWS sets it.
  #checkov:skip=CKV2_AWS_42:The book is served under the CDN's own name; a domain is for the reader to add.
  #checkov:skip=CKV_AWS_310:One bucket holds the book; a second origin would hold the same and fail with it.
  #checkov:skip=CKV_AWS_374:The book is for everybody, wherever they are.
  count               = var.cdn ? 1 : 0
  comment             = "${var.prefix}: the book"
  enabled             = true
  is_ipv6_enabled     = true
  http_version        = "http2and3"
  default_root_object = "index.html"
  price_class         = "PriceClass_100"

  origin {
    origin_id                = "bucket"
    domain_name              = aws_s3_bucket.site.bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.site[0].id
  }

  default_cache_behavior {
    target_origin_id       = "bucket"
    viewer_protocol_policy = "redirect-to-https"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    compress               = true
    # AWS's own policy CachingOptimized: the same number in every account
    cache_policy_id            = "658327ea-f89d-4fab-a63d-7e88639e58f6"
    response_headers_policy_id = one(aws_cloudfront_response_headers_policy.site[*].id)
    dynamic "function_association" {
      for_each = aws_cloudfront_function.index
      content {
        event_type   = "viewer-request"
        function_arn = function_association.value.arn
      }
    }
  }

  # a private bucket answers 403 for what is not there
  custom_error_response {
    error_code            = 403
    response_code         = 404
    response_page_path    = "/${aws_s3_object.missing.key}"
    error_caching_min_ttl = 60
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = true
  }
}

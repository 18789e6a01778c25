# What single modules would make: who is trusted, and what the warehouse and the site refuse.

mock_provider "aws" {}

run "trust_in_one_environment" {
  command = plan
  module {
    source = "./modules/github_oidc"
  }
  variables {
    prefix         = "menswear"
    repository     = "owner/name"
    branch         = "main"
    environment    = "production"
    provider_arn   = null
    bucket_arn     = "arn:aws:s3:::book"
    cdn_arn        = null
    repository_arn = null
  }
  override_resource {
    target          = aws_iam_openid_connect_provider.github
    values          = { arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
    override_during = plan
  }
  assert {
    condition = jsondecode(aws_iam_role.publisher.assume_role_policy).Statement[0].Condition == {
      StringEquals = {
        "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
        "token.actions.githubusercontent.com:sub" = "repo:owner/name:environment:production"
      }
    }
    error_message = "Only that environment of that repository is trusted."
  }
}

run "trust_in_one_branch" {
  command = plan
  module {
    source = "./modules/github_oidc"
  }
  variables {
    prefix         = "menswear"
    repository     = "owner/name"
    branch         = "main"
    environment    = null
    provider_arn   = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    bucket_arn     = "arn:aws:s3:::book"
    cdn_arn        = null
    repository_arn = null
  }
  assert {
    condition = (length(aws_iam_openid_connect_provider.github) == 0
    && jsondecode(aws_iam_role.publisher.assume_role_policy).Statement[0].Principal.Federated == var.provider_arn)
    error_message = "The account's own provider is trusted, and none is made."
  }
  assert {
    condition     = strcontains(aws_iam_role.publisher.assume_role_policy, "\"repo:owner/name:ref:refs/heads/main\"")
    error_message = "Only that branch of that repository is trusted."
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.publisher.policy, "ecr:")
    error_message = "Where there is no registry, nothing is said of one."
  }
}

run "a_guarded_warehouse" {
  command = plan
  module {
    source = "./modules/warehouse"
  }
  variables {
    prefix              = "menswear"
    subnet_ids          = ["subnet-1", "subnet-2"]
    security_group_id   = "sg-1"
    instance_class      = "db.t4g.micro"
    deletion_protection = true
    final_snapshot      = false
  }
  assert {
    condition = (aws_db_instance.this.storage_encrypted && !aws_db_instance.this.publicly_accessible
    && aws_db_instance.this.manage_master_user_password && aws_db_instance.this.deletion_protection)
    error_message = "Encrypted, private, with a managed password, guarded."
  }
}

run "a_warehouse_that_may_be_deleted" {
  command = plan
  module {
    source = "./modules/warehouse"
  }
  variables {
    prefix              = "menswear"
    subnet_ids          = ["subnet-1", "subnet-2"]
    security_group_id   = "sg-1"
    instance_class      = "db.t4g.micro"
    deletion_protection = false
    final_snapshot      = true
  }
  assert {
    condition     = !aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot
    error_message = "It leaves a snapshot all the same."
  }
}

run "a_private_site" {
  command = plan
  module {
    source = "./modules/site"
  }
  variables {
    prefix        = "menswear"
    bucket        = "menswear-site-123456789012"
    partition     = "aws"
    cdn           = true
    edge          = true
    force_destroy = false
  }
  assert {
    condition = (aws_s3_bucket_public_access_block.site.block_public_policy
    && aws_s3_bucket_public_access_block.site.restrict_public_buckets)
    error_message = "Behind a CDN the bucket is closed."
  }
  assert {
    condition = (length(aws_cloudfront_distribution.site[0].default_cache_behavior[0].function_association) == 1
    && aws_cloudfront_distribution.site[0].default_cache_behavior[0].viewer_protocol_policy == "redirect-to-https")
    error_message = "The CDN finds the pages of folders, and speaks TLS."
  }
  assert {
    condition = (
      aws_cloudfront_response_headers_policy.site[0].security_headers_config[0].strict_transport_security[0].access_control_max_age_sec >= 31536000
    && startswith(aws_cloudfront_response_headers_policy.site[0].security_headers_config[0].content_security_policy[0].content_security_policy, "default-src 'self';"))
    error_message = "Readers get TLS for a year, and nothing from elsewhere."
  }
  assert {
    condition     = aws_cloudfront_origin_access_control.site[0].signing_behavior == "always"
    error_message = "Every request of the CDN is signed, so that the bucket can stay closed."
  }
  assert {
    condition     = length(aws_s3_bucket_website_configuration.site) == 0
    error_message = "Behind a CDN the bucket serves nobody itself."
  }
}

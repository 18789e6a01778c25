# Versions, where the state is, and where the calls go: to AWS, or all to one address on this machine.

terraform {
  required_version = ">= 1.11, < 2.0"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
  # bucket and region come from `bootstrap`; the lock is a file beside the state
  backend "s3" {
    key          = "stack.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = var.region
  # a stand-in takes any key; a real one must never reach it
  access_key                  = local.on_aws ? null : "local"
  secret_key                  = local.on_aws ? null : "local"
  skip_credentials_validation = !local.on_aws
  skip_metadata_api_check     = !local.on_aws
  s3_use_path_style           = !local.on_aws
  max_retries                 = local.on_aws ? null : 2

  dynamic "endpoints" {
    for_each = local.on_aws ? [] : [var.local_endpoint]
    content {
      budgets        = endpoints.value
      cloudfront     = endpoints.value
      cloudwatch     = endpoints.value
      cloudwatchlogs = endpoints.value
      ec2            = endpoints.value
      ecr            = endpoints.value
      ecs            = endpoints.value
      eventbridge    = endpoints.value
      iam            = endpoints.value
      rds            = endpoints.value
      s3             = endpoints.value
      scheduler      = endpoints.value
      secretsmanager = endpoints.value
      sns            = endpoints.value
      sqs            = endpoints.value
      sts            = endpoints.value
    }
  }

  default_tags {
    tags = { project = var.prefix, managed_by = "terraform" }
  }
}

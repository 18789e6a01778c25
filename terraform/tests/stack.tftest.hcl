# What the stack would make, without making it: names, what each profile holds, and that bad input is refused.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

run "aws_gets_everything" {
  command = plan
  variables {
    github_repository  = "owner/name"
    alarm_email        = "somebody@example.com"
    monthly_budget_usd = 100
  }
  assert {
    condition     = length(module.registry) == 1 && length(module.warehouse) == 1 && length(module.pipeline) == 1
    error_message = "AWS holds the registry, the warehouse and the pipeline."
  }
  assert {
    condition     = output.site_bucket == "menswear-site-123456789012"
    error_message = "The bucket's name has the prefix and the account's number."
  }
  assert {
    condition     = var.deletion_protection && var.warehouse_final_snapshot
    error_message = "Data is guarded, and a snapshot of it stays."
  }
  assert {
    condition     = output.local_endpoint == null
    error_message = "Nothing goes to a stand-in."
  }
}

run "localstack_gets_what_it_can_hold" {
  command = plan
  variables {
    local_endpoint    = "http://127.0.0.1:4566"
    github_repository = "owner/name"
  }
  assert {
    condition     = length(module.registry) + length(module.warehouse) + length(module.pipeline) == 0
    error_message = "A free LocalStack has no registry, database or containers."
  }
  assert {
    condition     = output.cdn_id == null
    error_message = "A free LocalStack has no CDN."
  }
}

run "full_profile_on_a_stand_in" {
  command = plan
  variables {
    local_endpoint = "http://127.0.0.1:5000"
    full_profile   = true
  }
  assert {
    condition     = length(module.registry) == 1 && length(module.warehouse) == 1 && length(module.pipeline) == 1
    error_message = "full_profile brings everything."
  }
}

run "nothing_for_github_without_a_repository" {
  command = plan
  assert {
    condition     = length(module.github_oidc) == 0 && output.publisher_role_arn == null
    error_message = "No repository, no role."
  }
}

run "bucket_with_a_dot" {
  command = plan
  variables {
    site_bucket = "books.example"
  }
  expect_failures = [var.site_bucket]
}

run "prefix_with_capitals" {
  command = plan
  variables {
    prefix = "Menswear"
  }
  expect_failures = [var.prefix]
}

run "prefix_too_long_for_every_name" {
  command = plan
  variables {
    prefix = "menswear-analytics-handbook"
  }
  expect_failures = [var.prefix]
}

run "region_that_is_none" {
  command = plan
  variables {
    region = "Frankfurt"
  }
  expect_failures = [var.region]
}

run "endpoint_that_is_not_this_machine" {
  command = plan
  variables {
    local_endpoint = "http://example.com:4566"
  }
  expect_failures = [var.local_endpoint]
}

run "network_too_small" {
  command = plan
  variables {
    network_cidr = "10.0.0.0/28"
  }
  expect_failures = [var.network_cidr]
}

run "instance_class_of_another_service" {
  command = plan
  variables {
    warehouse_instance_class = "t4g.micro"
  }
  expect_failures = [var.warehouse_instance_class]
}

run "tag_that_says_nothing" {
  command = plan
  variables {
    image_tag = "latest"
  }
  expect_failures = [var.image_tag]
}

run "schedule_of_another_cron" {
  command = plan
  variables {
    schedule = "0 3 * * *"
  }
  expect_failures = [var.schedule]
}

run "every_repository" {
  command = plan
  variables {
    github_repository = "owner/*"
  }
  expect_failures = [var.github_repository]
}

run "every_branch" {
  command = plan
  variables {
    github_repository = "owner/name"
    github_branch     = "*"
  }
  expect_failures = [var.github_branch]
}

run "every_environment" {
  command = plan
  variables {
    github_repository  = "owner/name"
    github_environment = "prod*"
  }
  expect_failures = [var.github_environment]
}

run "provider_of_another_service" {
  command = plan
  variables {
    github_oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/example.com"
  }
  expect_failures = [var.github_oidc_provider_arn]
}

run "address_that_is_none" {
  command = plan
  variables {
    alarm_email = "somebody"
  }
  expect_failures = [var.alarm_email]
}

run "budget_of_nothing" {
  command = plan
  variables {
    monthly_budget_usd = 0
  }
  expect_failures = [var.monthly_budget_usd]
}

run "aws_without_security_headers" {
  command = plan
  variables {
    edge = false
  }
  expect_failures = [var.edge]
}

run "one_zone_only" {
  command = plan
  variables {
    network_zones = ["a", "a"]
  }
  expect_failures = [var.network_zones]
}

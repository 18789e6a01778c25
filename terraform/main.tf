# The stack: which modules there are, what they hand to each other, and which of them a stand-in for AWS can hold.

data "aws_caller_identity" "here" {}
data "aws_partition" "here" {}

locals {
  on_aws  = var.local_endpoint == null
  account = data.aws_caller_identity.here.account_id
  # a free LocalStack has no CDN, registry, database server or containers
  full = local.on_aws || var.full_profile
  cdn  = local.full
}

module "site" {
  source        = "./modules/site"
  prefix        = var.prefix
  bucket        = coalesce(var.site_bucket, "${var.prefix}-site-${local.account}")
  cdn           = local.cdn
  edge          = var.edge
  force_destroy = !var.deletion_protection
  partition     = data.aws_partition.here.partition
}

module "network" {
  source = "./modules/network"
  # it is there for the pipeline and the warehouse
  count  = local.full ? 1 : 0
  prefix = var.prefix
  region = var.region
  cidr   = var.network_cidr
  zones  = var.network_zones
}

module "registry" {
  source       = "./modules/registry"
  count        = local.full ? 1 : 0
  prefix       = var.prefix
  force_delete = !var.deletion_protection
}

module "warehouse" {
  source              = "./modules/warehouse"
  count               = local.full ? 1 : 0
  prefix              = var.prefix
  subnet_ids          = module.network[0].subnet_ids
  security_group_id   = module.network[0].warehouse_security_group_id
  instance_class      = var.warehouse_instance_class
  deletion_protection = var.deletion_protection
  final_snapshot      = var.warehouse_final_snapshot
}

module "pipeline" {
  source            = "./modules/pipeline"
  count             = local.full ? 1 : 0
  prefix            = var.prefix
  region            = var.region
  account           = local.account
  partition         = data.aws_partition.here.partition
  image             = "${module.registry[0].url}:${var.image_tag}"
  repository_arn    = module.registry[0].arn
  subnet_ids        = module.network[0].subnet_ids
  security_group_id = module.network[0].pipeline_security_group_id
  schedule          = var.schedule
  warehouse         = module.warehouse[0].connection
}

module "github_oidc" {
  source         = "./modules/github_oidc"
  count          = var.github_repository == null ? 0 : 1
  prefix         = var.prefix
  repository     = var.github_repository
  branch         = var.github_branch
  environment    = var.github_environment
  provider_arn   = var.github_oidc_provider_arn
  bucket_arn     = module.site.bucket_arn
  cdn_arn        = module.site.cdn_arn
  repository_arn = one(module.registry[*].arn)
}

module "observability" {
  source             = "./modules/observability"
  prefix             = var.prefix
  account            = local.account
  dead_letter_queue  = one(module.pipeline[*].dead_letter_queue)
  email              = var.alarm_email
  monthly_budget_usd = var.monthly_budget_usd
}

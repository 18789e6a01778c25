# What the stack can be told. A file in environments/ holds the answers for one place.

variable "prefix" {
  description = "Begins every name, so that two copies can live in one account."
  type        = string
  default     = "menswear"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.prefix))
    error_message = "prefix must be 3 to 20 lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen."
  }
}

variable "region" {
  description = "The AWS region."
  type        = string
  default     = "eu-central-1"
  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, such as eu-central-1."
  }
}

variable "local_endpoint" {
  description = "Null is AWS. The address of LocalStack, or of another stand-in on this machine, sends every call there."
  type        = string
  default     = null
  validation {
    condition     = var.local_endpoint == null || can(regex("^http://(localhost|127\\.0\\.0\\.1):[0-9]{2,5}$", var.local_endpoint))
    error_message = "local_endpoint must be null for AWS, or an address on this machine such as http://127.0.0.1:4566."
  }
}

variable "full_profile" {
  description = "Whether a stand-in gets everything: CDN, registry, warehouse, pipeline and their network too. A free LocalStack cannot hold these. AWS always gets everything."
  type        = bool
  default     = false
}

variable "edge" {
  description = "Whether the CDN gets its security headers and the function that finds a folder's page. Only for a stand-in that knows a CDN but not these, as moto: false."
  type        = bool
  default     = true
  validation {
    condition     = var.edge || var.local_endpoint != null
    error_message = "edge must be true on AWS: without it the book has no security headers."
  }
}

variable "site_bucket" {
  description = "Name of the book's bucket; null makes one from the prefix and the account's number."
  type        = string
  default     = null
  validation {
    condition = var.site_bucket == null || (
      can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.site_bucket)) && !can(regex("^xn--|--|-s3alias$", var.site_bucket))
    )
    error_message = "bucket name: site_bucket must be 3 to 63 lower-case letters, digits and single hyphens, and begin and end with a letter or digit."
  }
}

variable "network_cidr" {
  description = "Addresses of the private network."
  type        = string
  default     = "10.20.0.0/24"
  validation {
    condition     = can(cidrhost(var.network_cidr, 0)) && can(regex("/(1[6-9]|2[0-4])$", var.network_cidr))
    error_message = "network_cidr must be an IPv4 block of /16 to /24, such as 10.20.0.0/24."
  }
}

variable "network_zones" {
  description = "Letters of the two zones that the network spans."
  type        = list(string)
  default     = ["a", "b"]
  validation {
    condition     = length(distinct(var.network_zones)) == 2 && length(var.network_zones) == 2 && alltrue([for zone in var.network_zones : can(regex("^[a-z]$", zone))])
    error_message = "network_zones must be two different letters, such as [\"a\", \"b\"]."
  }
}

variable "warehouse_instance_class" {
  description = "Size of the Postgres server."
  type        = string
  default     = "db.t4g.micro"
  validation {
    condition     = startswith(var.warehouse_instance_class, "db.")
    error_message = "warehouse_instance_class must be an RDS instance class, such as db.t4g.micro."
  }
}

variable "warehouse_final_snapshot" {
  description = "Whether the Postgres server leaves a last snapshot behind when it is deleted."
  type        = bool
  default     = true
}

variable "image_tag" {
  description = "Tag of the pipeline's image in the registry. A tag is never written twice, so name a release."
  type        = string
  default     = "v1"
  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", var.image_tag)) && var.image_tag != "latest"
    error_message = "image_tag must be the tag of one release, such as v1; latest is refused because it does not say which."
  }
}

variable "schedule" {
  description = "When the pipeline runs, in UTC: a cron or rate expression of EventBridge Scheduler."
  type        = string
  default     = "cron(0 3 * * ? *)"
  validation {
    condition     = can(regex("^(cron\\([^()]+\\)|rate\\([0-9]+ (minutes?|hours?|days?)\\))$", var.schedule))
    error_message = "schedule must look like cron(0 3 * * ? *) or rate(1 day)."
  }
}

variable "deletion_protection" {
  description = "True guards data: the database cannot be deleted, and buckets and the registry only when empty."
  type        = bool
  default     = true
}

variable "github_repository" {
  description = "The one repository, owner/name, whose workflow may publish; null makes no role."
  type        = string
  default     = null
  validation {
    condition     = var.github_repository == null || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "github_repository must be owner/name, without wildcards."
  }
}

variable "github_branch" {
  description = "The one branch whose workflow may publish, where github_environment is null."
  type        = string
  default     = "main"
  validation {
    condition     = can(regex("^[A-Za-z0-9._/-]+$", var.github_branch))
    error_message = "github_branch must be the name of one branch, without wildcards."
  }
}

variable "github_environment" {
  description = "The one deployment environment whose jobs may publish; null takes the branch instead."
  type        = string
  default     = null
  validation {
    condition     = var.github_environment == null || can(regex("^[A-Za-z0-9._-]+$", var.github_environment))
    error_message = "github_environment must be the name of one environment, without wildcards."
  }
}

variable "github_oidc_provider_arn" {
  description = "GitHub's identity provider, of which an account has one for all: its ARN where it is there already; null makes it, and destroy takes it away."
  type        = string
  default     = null
  validation {
    condition     = var.github_oidc_provider_arn == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/token\\.actions\\.githubusercontent\\.com$", var.github_oidc_provider_arn))
    error_message = "github_oidc_provider_arn must be null, or look like arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com."
  }
}

variable "alarm_email" {
  description = "Who hears of failures and of the budget; null subscribes nobody."
  type        = string
  default     = null
  validation {
    condition     = var.alarm_email == null || can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.alarm_email))
    error_message = "alarm_email must be one e-mail address."
  }
}

variable "monthly_budget_usd" {
  description = "Warns when this account's costs are forecast to pass this many US dollars a month; null sets no budget."
  type        = number
  default     = null
  validation {
    condition     = var.monthly_budget_usd == null || try(var.monthly_budget_usd > 0, false)
    error_message = "monthly_budget_usd must be more than 0."
  }
}

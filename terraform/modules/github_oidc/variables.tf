# Who may publish, and what.

variable "prefix" {
  description = "Begins every name."
  type        = string
}

variable "repository" {
  description = "The one repository, owner/name."
  type        = string
}

variable "branch" {
  description = "The one branch, where environment is null."
  type        = string
}

variable "environment" {
  description = "The one deployment environment; null takes the branch."
  type        = string
}

variable "provider_arn" {
  description = "GitHub's identity provider, where the account has it already; null makes it."
  type        = string
}

variable "bucket_arn" {
  description = "The book's bucket."
  type        = string
}

variable "cdn_arn" {
  description = "The book's CDN; null where there is none."
  type        = string
}

variable "repository_arn" {
  description = "The registry's repository; null where there is none."
  type        = string
}

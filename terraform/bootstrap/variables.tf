# What the state bucket can be told; the same names mean the same in the stack.

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

variable "deletion_protection" {
  description = "False lets `destroy` delete the bucket with every state in it: only for what can be made again."
  type        = bool
  default     = true
}

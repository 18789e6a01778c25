# What the pipeline can be told.

variable "prefix" {
  description = "Begins every name."
  type        = string
}

variable "region" {
  description = "The AWS region."
  type        = string
}

variable "account" {
  description = "The account's number."
  type        = string
}

variable "partition" {
  description = "The part of AWS, aws but for China and governments."
  type        = string
}

variable "image" {
  description = "The image to run, with its tag."
  type        = string
}

variable "repository_arn" {
  description = "The registry's repository that the image comes from."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets to run in."
  type        = list(string)
}

variable "security_group_id" {
  description = "Says whom the task may call."
  type        = string
}

variable "schedule" {
  description = "When to run, in UTC."
  type        = string
}

variable "warehouse" {
  description = "How to connect to Postgres, and the secret that holds the password."
  type = object({
    host       = string
    port       = number
    database   = string
    user       = string
    secret_arn = string
  })
}

variable "data_folder" {
  description = "The one folder of the image that can be written to; the image declares it a volume, and so opens it to its user."
  type        = string
  default     = "/app/data"
}

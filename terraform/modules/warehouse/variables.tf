# What the warehouse can be told.

variable "prefix" {
  description = "Begins every name."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets in two zones."
  type        = list(string)
}

variable "security_group_id" {
  description = "Says who may connect."
  type        = string
}

variable "instance_class" {
  description = "Size of the server."
  type        = string
}

variable "deletion_protection" {
  description = "Whether the server refuses to be deleted."
  type        = bool
}

variable "final_snapshot" {
  description = "Whether the server leaves a last snapshot behind when it is deleted."
  type        = bool
}

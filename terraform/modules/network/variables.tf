# What the network can be told.

variable "prefix" {
  description = "Begins every name."
  type        = string
}

variable "region" {
  description = "The AWS region, for the names of its services."
  type        = string
}

variable "cidr" {
  description = "Addresses of the network."
  type        = string
}

variable "zones" {
  description = "Letters of the two zones."
  type        = list(string)
}

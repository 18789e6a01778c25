# What to watch, and whom to tell.

variable "prefix" {
  description = "Begins every name."
  type        = string
}

variable "account" {
  description = "The account's number."
  type        = string
}

variable "dead_letter_queue" {
  description = "Name of the queue that keeps failed runs; null where there is no pipeline."
  type        = string
}

variable "email" {
  description = "Who hears of it; null subscribes nobody."
  type        = string
}

variable "monthly_budget_usd" {
  description = "Costs a month to warn at; null sets no budget."
  type        = number
}

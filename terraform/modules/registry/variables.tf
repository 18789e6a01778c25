# What the registry can be told.

variable "prefix" {
  description = "Begins every name."
  type        = string
}

variable "force_delete" {
  description = "Whether `destroy` deletes the registry with all images in it."
  type        = bool
}

variable "images_kept" {
  description = "How many of the newest images stay."
  type        = number
  default     = 20
}

# What the site can be told.

variable "prefix" {
  description = "Begins every name."
  type        = string
}

variable "bucket" {
  description = "Name of the bucket."
  type        = string
}

variable "partition" {
  description = "The part of AWS, aws but for China and governments."
  type        = string
}

variable "cdn" {
  description = "Whether a CDN serves a private bucket. Without one the bucket is public: only for a stand-in."
  type        = bool
}

variable "edge" {
  description = "Whether the CDN gets its security headers and the function that finds a folder's page."
  type        = bool
}

variable "force_destroy" {
  description = "Whether `destroy` deletes the bucket with all pages in it."
  type        = bool
}

variable "content_security_policy" {
  description = "What pages may load: their own site alone. The book's theme and the dbt docs carry scripts and styles inside their pages."
  type        = string
  default     = "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
}

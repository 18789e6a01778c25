# Where the pipeline and the warehouse live, and as whom.

output "subnet_ids" {
  description = "The private subnets, one in each of two zones."
  value       = [for subnet in aws_subnet.private : subnet.id]
}

output "pipeline_security_group_id" {
  description = "For the pipeline's task."
  value       = aws_security_group.pipeline.id
}

output "warehouse_security_group_id" {
  description = "For the database."
  value       = aws_security_group.warehouse.id
}

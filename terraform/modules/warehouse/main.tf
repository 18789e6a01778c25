# The Postgres that holds the warehouse: encrypted, reached from the pipeline alone, with a password that nobody typed.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

resource "aws_db_subnet_group" "this" {
  name       = "${var.prefix}-warehouse"
  subnet_ids = var.subnet_ids
}

resource "aws_db_parameter_group" "this" {
  name        = "${var.prefix}-warehouse"
  family      = "postgres17"
  description = "TLS for every connection; statements that change the schema are logged."
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
  parameter {
    name  = "log_statement"
    value = "ddl"
  }
  # seconds are in the log for whatever takes longer than one
  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }
}

resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_157:The pipeline makes all of this anew in minutes; a standby in another zone doubles the bill for nothing.
  #checkov:skip=CKV_AWS_118:One run a day: the metrics of each minute are enough.
  #checkov:skip=CKV_AWS_353:One run a day, whose slow statements are in the log.
  #checkov:skip=CKV_AWS_293:A variable says so, and its default is true.
  identifier     = "${var.prefix}-warehouse"
  engine         = "postgres"
  engine_version = "17"
  instance_class = var.instance_class

  storage_type          = "gp3"
  storage_encrypted     = true
  allocated_storage     = 20
  max_allocated_storage = 100

  db_name  = "warehouse"
  username = "warehouse"
  port     = 5432
  # RDS makes the password, keeps it in Secrets Manager and changes it: it is in no state and no log
  manage_master_user_password         = true
  iam_database_authentication_enabled = true

  publicly_accessible    = false
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [var.security_group_id]
  parameter_group_name   = aws_db_parameter_group.this.name

  auto_minor_version_upgrade      = true
  backup_retention_period         = 7
  copy_tags_to_snapshot           = true
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]

  deletion_protection = var.deletion_protection
  skip_final_snapshot = !var.final_snapshot
  # the time of the server's making, so that its snapshot does not meet that of one before it
  final_snapshot_identifier = "${var.prefix}-warehouse-${formatdate("YYYYMMDDhhmmss", timestamp())}"

  lifecycle {
    ignore_changes = [final_snapshot_identifier]
  }
}

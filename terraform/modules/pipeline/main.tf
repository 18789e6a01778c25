# Runs the pipeline's image once a day on Fargate, and keeps in a queue whatever could not start or ended badly.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

locals {
  name = "${var.prefix}-pipeline"
  # names are ours, so these are known before anything exists, and the roles can be narrow
  log_group_arn = "arn:${var.partition}:logs:${var.region}:${var.account}:log-group:/${local.name}"
  family_arn    = "arn:${var.partition}:ecs:${var.region}:${var.account}:task-definition/${local.name}"
  group_arn     = "arn:${var.partition}:scheduler:${var.region}:${var.account}:schedule-group/${local.name}"
  queue_arn     = "arn:${var.partition}:sqs:${var.region}:${var.account}:${local.name}-failed"
  rule_arn      = "arn:${var.partition}:events:${var.region}:${var.account}:rule/${local.name}-failed"
}

# The task -------------------------------------------------------------------------------------------------------

resource "aws_ecs_cluster" "this" {
  #checkov:skip=CKV_AWS_65:One task a day: its log and its exit code tell enough.
  name = local.name
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts logs by itself; the log tells of simulated customers only.
  #checkov:skip=CKV_AWS_338:Ninety days tell enough about a run that is repeated every day.
  name              = "/${local.name}"
  retention_in_days = 90
}

resource "aws_ecs_task_definition" "this" {
  family                   = local.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 1024
  memory                   = 4096
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  # the only place that can be written to, and gone with the task
  volume {
    name = "data"
  }

  container_definitions = jsonencode([{
    name                   = "pipeline"
    image                  = var.image
    essential              = true
    user                   = "1000"
    readonlyRootFilesystem = true
    environment = [
      { name = "HOME", value = var.data_folder },
      { name = "PGSSLMODE", value = "require" },
      { name = "POSTGRES_DB", value = var.warehouse.database },
      { name = "POSTGRES_HOST", value = var.warehouse.host },
      { name = "POSTGRES_PORT", value = tostring(var.warehouse.port) },
      { name = "POSTGRES_USER", value = var.warehouse.user },
      { name = "TARGET", value = "postgres" },
      { name = "TMPDIR", value = var.data_folder },
    ]
    # read when the task starts, by the execution role; in no log and no definition
    secrets     = [{ name = "POSTGRES_PASSWORD", valueFrom = "${var.warehouse.secret_arn}:password::" }]
    mountPoints = [{ sourceVolume = "data", containerPath = var.data_folder, readOnly = false }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = var.region
        awslogs-stream-prefix = "run"
      }
    }
  }])
}

# The schedule ---------------------------------------------------------------------------------------------------

resource "aws_scheduler_schedule_group" "this" {
  name = local.name
}

resource "aws_scheduler_schedule" "this" {
  #checkov:skip=CKV_AWS_297:AWS encrypts schedules; this one holds no secret.
  name                         = local.name
  group_name                   = aws_scheduler_schedule_group.this.name
  description                  = "Runs the pipeline."
  schedule_expression          = var.schedule
  schedule_expression_timezone = "UTC"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_ecs_cluster.this.arn
    role_arn = aws_iam_role.scheduler.arn

    ecs_parameters {
      # with the revision, so that a run never takes what was registered by hand
      task_definition_arn = aws_ecs_task_definition.this.arn
      launch_type         = "FARGATE"
      task_count          = 1
      network_configuration {
        subnets          = var.subnet_ids
        security_groups  = [var.security_group_id]
        assign_public_ip = false
      }
    }

    retry_policy {
      maximum_retry_attempts       = 3
      maximum_event_age_in_seconds = 3600
    }

    dead_letter_config {
      arn = aws_sqs_queue.failed.arn
    }
  }
}

# What went wrong -------------------------------------------------------------------------------------------------

resource "aws_sqs_queue" "failed" {
  name                      = "${local.name}-failed"
  message_retention_seconds = 14 * 24 * 3600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "failed" {
  queue_url = aws_sqs_queue.failed.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "FailedTasksArrive"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.queue_arn
        Condition = { ArnEquals = { "aws:SourceArn" = local.rule_arn } }
      },
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        # a wildcard that takes away: nothing at all without TLS
        Action    = "sqs:*"
        Resource  = local.queue_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }
    ]
  })
}

# The scheduler knows only whether a task could be asked for. Whether it started, and how it ended, ECS tells here.
resource "aws_cloudwatch_event_rule" "failed" {
  name        = "${local.name}-failed"
  description = "A run that did not start, or ended with an error."
  event_pattern = jsonencode({
    source      = ["aws.ecs"]
    detail-type = ["ECS Task State Change"]
    detail = {
      clusterArn = [aws_ecs_cluster.this.arn]
      lastStatus = ["STOPPED"]
      "$or" = [
        { containers = { exitCode = [{ anything-but = 0 }] } },
        { stopCode = ["TaskFailedToStart"] },
      ]
    }
  })
}

resource "aws_cloudwatch_event_target" "failed" {
  rule = aws_cloudwatch_event_rule.failed.name
  arn  = aws_sqs_queue.failed.arn
}

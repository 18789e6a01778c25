# Lets the workflow of one repository publish the book and push the image, without a key that could leak.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

locals {
  issuer = "token.actions.githubusercontent.com"
  # exactly one: a deployment environment, or a branch
  subject = (var.environment == null
    ? "repo:${var.repository}:ref:refs/heads/${var.branch}"
    : "repo:${var.repository}:environment:${var.environment}"
  )

  publish = [
    {
      Sid      = "ListThePages"
      Effect   = "Allow"
      Action   = ["s3:ListBucket"]
      Resource = [var.bucket_arn]
    },
    {
      Sid      = "WriteThePages"
      Effect   = "Allow"
      Action   = ["s3:PutObject", "s3:DeleteObject"]
      Resource = ["${var.bucket_arn}/*"] # every page of this one bucket
    }
  ]
  invalidate = var.cdn_arn == null ? [] : [{
    Sid      = "ShowTheNewPages"
    Effect   = "Allow"
    Action   = ["cloudfront:CreateInvalidation"]
    Resource = [var.cdn_arn]
  }]
  push = var.repository_arn == null ? [] : [
    {
      Sid    = "SignInToTheRegistry"
      Effect = "Allow"
      Action = ["ecr:GetAuthorizationToken"]
      # AWS knows no resource for this action; what the token opens stands in the next statement
      Resource = ["*"]
    },
    {
      Sid    = "PushTheImage"
      Effect = "Allow"
      Action = [
        "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload",
        "ecr:PutImage", "ecr:UploadLayerPart",
      ]
      Resource = [var.repository_arn]
    }
  ]
}

resource "aws_iam_openid_connect_provider" "github" {
  count          = var.provider_arn == null ? 1 : 0
  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "publisher" {
  name                 = "${var.prefix}-publisher"
  description          = "Taken by the workflow of ${var.repository}."
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = coalesce(var.provider_arn, one(aws_iam_openid_connect_provider.github[*].arn)) }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = "sts.amazonaws.com"
          "${local.issuer}:sub" = local.subject
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "publisher" {
  name   = "publish"
  role   = aws_iam_role.publisher.id
  policy = jsonencode({ Version = "2012-10-17", Statement = concat(local.publish, local.invalidate, local.push) })
}

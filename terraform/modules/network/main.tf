# A private network for the pipeline and the warehouse: no way in from outside, and no way out but to the AWS services used.
#
# The pipeline calls nothing but the registry, the log and the secret. So there is no internet gateway and no NAT: each
# service has an endpoint inside the network, and what runs here cannot send data anywhere else.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

locals {
  # what starting a task needs: the image's list and layers, the log, the password
  services = toset(["ecr.api", "ecr.dkr", "logs", "secretsmanager"])
}

resource "aws_vpc" "this" {
  #checkov:skip=CKV2_AWS_11:No route leaves this network and only the warehouse listens in it; a flow log would cost more than it tells.
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = var.prefix }
}

# The group that AWS makes lets its members talk to each other; emptied, it lets nobody do anything
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_subnet" "private" {
  # a database needs two zones; named, because the list of all changes when AWS builds another
  for_each          = { for number, letter in var.zones : "${var.region}${letter}" => number }
  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.cidr, 2, each.value)
  tags              = { Name = "${var.prefix}-private-${each.key}" }
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = "${var.prefix}-private" }
}

resource "aws_route_table_association" "private" {
  for_each       = aws_subnet.private
  subnet_id      = each.value.id
  route_table_id = aws_route_table.private.id
}

# Who may talk to whom --------------------------------------------------------------------------------------------

resource "aws_security_group" "pipeline" {
  #checkov:skip=CKV2_AWS_5:The pipeline's task takes it, in a module of its own.
  name        = "${var.prefix}-pipeline"
  description = "The pipeline: nobody calls it; it calls the warehouse and the endpoints."
  vpc_id      = aws_vpc.this.id
}

resource "aws_security_group" "warehouse" {
  #checkov:skip=CKV2_AWS_5:The database takes it, in a module of its own.
  name        = "${var.prefix}-warehouse"
  description = "The warehouse: the pipeline calls it; it calls nobody."
  vpc_id      = aws_vpc.this.id
}

resource "aws_security_group" "endpoints" {
  name        = "${var.prefix}-endpoints"
  description = "The AWS services: the pipeline calls them; they call nobody."
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_egress_rule" "pipeline_to_warehouse" {
  security_group_id            = aws_security_group.pipeline.id
  description                  = "Postgres"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.warehouse.id
}

resource "aws_vpc_security_group_egress_rule" "pipeline_to_endpoints" {
  security_group_id            = aws_security_group.pipeline.id
  description                  = "AWS services"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.endpoints.id
}

# the layers of an image come from S3, whose endpoint is a route and has no security group
resource "aws_vpc_security_group_egress_rule" "pipeline_to_s3" {
  security_group_id = aws_security_group.pipeline.id
  description       = "Image layers"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id
}

resource "aws_vpc_security_group_ingress_rule" "warehouse_from_pipeline" {
  security_group_id            = aws_security_group.warehouse.id
  description                  = "Postgres"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.pipeline.id
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_from_pipeline" {
  security_group_id            = aws_security_group.endpoints.id
  description                  = "AWS services"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.pipeline.id
}

# Endpoints -------------------------------------------------------------------------------------------------------

resource "aws_vpc_endpoint" "service" {
  for_each            = local.services
  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${var.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for subnet in aws_subnet.private : subnet.id]
  security_group_ids  = [aws_security_group.endpoints.id]
  tags                = { Name = "${var.prefix}-${each.key}" }
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.private.id]
  tags              = { Name = "${var.prefix}-s3" }
}

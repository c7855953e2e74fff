# The role that the collector assumes in this account: the same as packaging/aws/spoke.yaml. For all accounts of an
# organisation, use that template with a service-managed StackSet, as docs/deploy.md does.
terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.60, < 7.0" }
  }
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  hub       = "arn:${local.partition}:iam::${var.hub_account_id}:root"
  hub_role  = "arn:${local.partition}:iam::${var.hub_account_id}:role${var.hub_role_path}${var.hub_role_name}"
  document  = "arn:${local.partition}:ssm:*:${var.hub_account_id}:document/${var.document_name}"
}

resource "aws_iam_role" "spoke" {
  name                 = var.role_name
  path                 = var.role_path
  description          = "Assumed by the dbcensus collector, to find databases on the instances of this account."
  max_session_duration = 3600
  permissions_boundary = var.permissions_boundary == "" ? null : var.permissions_boundary
  tags                 = var.tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # The account, and by the condition the role: a role that was made anew keeps its name, not its id.
        Effect = "Allow", Principal = { AWS = local.hub }, Action = "sts:AssumeRole"
        Condition = {
          StringEquals = merge({ "sts:ExternalId" = var.external_id }, var.organization_id == "" ? {} : { "aws:PrincipalOrgID" = var.organization_id })
          ArnEquals    = { "aws:PrincipalArn" = local.hub_role }
        }
      },
      {
        # The run and its requester, which CloudTrail shows.
        Effect    = "Allow", Principal = { AWS = local.hub }, Action = ["sts:TagSession", "sts:SetSourceIdentity"]
        Condition = { ArnEquals = { "aws:PrincipalArn" = local.hub_role } }
      },
    ]
  })
}

resource "aws_iam_role_policy" "spoke" {
  name = "dbcensus"
  role = aws_iam_role.spoke.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # None of these actions can be limited to a resource.
        Sid = "Read", Effect = "Allow", Resource = "*"
        Action = [
          "ec2:DescribeInstances", "ec2:DescribeRegions", "ssm:DescribeInstanceInformation", "ssm:GetCommandInvocation",
          "ssm:ListCommandInvocations",
        ]
      },
      { Sid = "Cancel", Effect = "Allow", Action = "ssm:CancelCommand", Resource = "*" },
      { Sid = "RunTheDocument", Effect = "Allow", Action = ["ssm:DescribeDocument", "ssm:SendCommand"], Resource = local.document },
      {
        Sid = "OnInstances", Effect = "Allow", Action = "ssm:SendCommand"
        Resource = [
          "arn:${local.partition}:ec2:*:${local.account}:instance/*",
          "arn:${local.partition}:ssm:*:${local.account}:managed-instance/*",
        ]
      },
    ]
  })
}

output "role_arn" {
  description = "The role that the collector assumes."
  value       = aws_iam_role.spoke.arn
}

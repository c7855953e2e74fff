# The collector's role, which can change nothing that it runs, and the role that deploys.

resource "aws_iam_role" "hub" {
  name                 = "${var.name_prefix}-hub"
  path                 = var.role_path
  description          = "The dbcensus collector."
  permissions_boundary = local.boundary
  tags                 = var.tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Principal = { Service = ["ec2.${local.suffix}", "ecs-tasks.amazonaws.com"] }, Action = "sts:AssumeRole" },
      # EKS Pod Identity, which tags its sessions.
      { Effect = "Allow", Principal = { Service = "pods.eks.amazonaws.com" }, Action = ["sts:AssumeRole", "sts:TagSession"] },
    ]
  })
}

resource "aws_iam_role_policy" "other_regions" {
  count = var.other_buckets_prefix == "" ? 0 : 1
  name  = "dbcensus-other-regions"
  role  = aws_iam_role.hub.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [merge({ Sid = "ReadTheAgentsOfOtherRegions", Effect = "Allow", Action = "s3:GetObject" }, local.others[0])]
  })
}

resource "aws_iam_instance_profile" "hub" {
  name = "${var.name_prefix}-hub"
  path = var.role_path
  role = aws_iam_role.hub.name
  tags = var.tags
}

resource "aws_iam_role_policy" "hub" {
  name = "dbcensus"
  role = aws_iam_role.hub.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "BecomeTheSpokeRole", Effect = "Allow"
        Action   = ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"]
        Resource = "arn:${local.partition}:iam::*:role${var.spoke_role_path}${var.spoke_role_name}"
      },
      {
        # None of these actions can be limited to a resource.
        Sid = "FindAccounts", Effect = "Allow", Resource = "*"
        Action = [
          "organizations:ListAccounts", "organizations:ListAccountsForParent",
          "organizations:ListOrganizationalUnitsForParent", "organizations:ListRoots", "organizations:ListTagsForResource",
        ]
      },
      {
        Sid      = "CheckTheDocument", Effect = "Allow", Action = "ssm:DescribeDocument"
        Resource = "arn:${local.partition}:ssm:*:${local.account}:document/${var.document_name}"
      },
      {
        Sid = "ReadTheAgents", Effect = "Allow", Action = "s3:GetObject"
        Resource = concat(
          ["${local.agents}/*"],
          var.output_bucket_name == "" ? [] : ["arn:${local.partition}:s3:::${var.output_bucket_name}/*"]
        )
      },
      { Sid = "Alert", Effect = "Allow", Action = "sns:Publish", Resource = aws_sns_topic.alerts.arn },
      {
        # For the CloudWatch agent beside the collector.
        Sid      = "WriteTheLog", Effect = "Allow"
        Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.collector.arn}:*"
      },
    ]
  })
}

resource "aws_iam_role_policy" "key" {
  count  = local.has_key ? 1 : 0
  name   = "dbcensus-key"
  role   = aws_iam_role.hub.id
  policy = local.use_of_the_key
}

resource "aws_iam_role_policy" "backup" {
  count = var.backup_bucket_name == "" ? 0 : 1
  name  = "dbcensus-backup"
  role  = aws_iam_role.hub.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "FindBackups", Effect = "Allow", Action = "s3:ListBucket", Resource = "arn:${local.partition}:s3:::${var.backup_bucket_name}" },
      {
        Sid      = "WriteAndCheckBackups", Effect = "Allow"
        Action   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
        Resource = "arn:${local.partition}:s3:::${var.backup_bucket_name}/*"
      },
    ]
  })
}

resource "aws_iam_role_policy" "backup_key" {
  count = var.backup_kms_key_arn == "" ? 0 : 1
  name  = "dbcensus-backup-key"
  role  = aws_iam_role.hub.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "UseTheKey", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = var.backup_kms_key_arn }]
  })
}

resource "aws_iam_role_policy" "backup_role" {
  count = var.backup_role_arn == "" ? 0 : 1
  name  = "dbcensus-backup-role"
  role  = aws_iam_role.hub.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "BecomeTheBackupRole", Effect = "Allow", Action = "sts:AssumeRole", Resource = var.backup_role_arn }]
  })
}

resource "aws_iam_role_policy" "store" {
  count = var.store_user_arn == "" ? 0 : 1
  name  = "dbcensus-store"
  role  = aws_iam_role.hub.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "SignInToTheStore", Effect = "Allow", Action = "rds-db:connect", Resource = var.store_user_arn }]
  })
}

locals {
  use_of_the_key = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "UseTheKey", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = local.key_arn }]
  })
}

# Publishes releases, and nothing else: see `dbcensus-collector deploy`.
resource "aws_iam_role" "deploy" {
  count                = var.deploy_principal_arn == "" ? 0 : 1
  name                 = "${var.name_prefix}-deploy"
  path                 = var.role_path
  description          = "Publishes releases of dbcensus."
  max_session_duration = 3600
  permissions_boundary = local.boundary
  tags                 = var.tags
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { AWS = var.deploy_principal_arn }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy" "deploy" {
  count = var.deploy_principal_arn == "" ? 0 : 1
  name  = "dbcensus"
  role  = aws_iam_role.deploy[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid = "PublishTheDocument", Effect = "Allow"
        Action = [
          # For tags of a new document, which some organisations demand.
          "ssm:AddTagsToResource", "ssm:CreateDocument", "ssm:DescribeDocument", "ssm:DescribeDocumentPermission",
          "ssm:ListDocumentVersions", "ssm:ModifyDocumentPermission", "ssm:UpdateDocument", "ssm:UpdateDocumentDefaultVersion",
        ]
        Resource = "arn:${local.partition}:ssm:*:${local.account}:document/${var.document_name}"
      },
      {
        Sid      = "WriteTheAgents", Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject"]
        Resource = "${local.agents}/*dbcensus-agent-*"
      },
      {
        # None of these actions can be limited to a resource.
        Sid = "FindAccountsAndRegions", Effect = "Allow", Resource = "*"
        Action = [
          "ec2:DescribeRegions", "organizations:ListAccounts", "organizations:ListAccountsForParent",
          "organizations:ListOrganizationalUnitsForParent", "organizations:ListRoots",
        ]
      },
    ]
  })
}

resource "aws_iam_role_policy" "deploy_other_regions" {
  count = var.other_buckets_prefix != "" && var.deploy_principal_arn != "" ? 1 : 0
  name  = "dbcensus-other-regions"
  role  = aws_iam_role.deploy[0].id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [merge({ Sid = "WriteTheAgentsOfOtherRegions", Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject"] }, local.others[0])]
  })
}

resource "aws_iam_role_policy" "deploy_key" {
  count  = local.has_key && var.deploy_principal_arn != "" ? 1 : 0
  name   = "dbcensus-key"
  role   = aws_iam_role.deploy[0].id
  policy = local.use_of_the_key
}

# What the collector needs in the hub account: the same as packaging/aws/hub.yaml.
terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.60, < 7.0" }
  }
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  suffix    = data.aws_partition.current.dns_suffix
  region    = data.aws_region.current.name
  boundary  = var.permissions_boundary == "" ? null : var.permissions_boundary
  has_key   = var.create_key || var.kms_key_arn != ""
  key_arn   = var.create_key ? aws_kms_key.key[0].arn : var.kms_key_arn == "" ? null : var.kms_key_arn
  agents    = "arn:${local.partition}:s3:::${var.bucket_name}"
  # The agents in the buckets of other regions, where there are any. A bucket of that name could be another account's.
  others = var.other_buckets_prefix == "" ? [] : [{
    Resource  = "arn:${local.partition}:s3:::${var.other_buckets_prefix}*/*dbcensus-agent-*"
    Condition = { StringEquals = { "aws:ResourceAccount" = local.account } }
  }]
  manual = "https://github.com/dbcensus/dbcensus/blob/main/docs/operate/alarms.md"
}

# The key

resource "aws_kms_key" "key" {
  count               = var.create_key ? 1 : 0
  description         = "dbcensus, bucket of the agents, log and alerts"
  enable_key_rotation = true
  # `terraform destroy` ends the key after 30 days: volumes and snapshots that it encrypts cannot be read from then on.
  deletion_window_in_days = 30
  tags                    = var.tags
  policy                  = data.aws_iam_policy_document.key.json
}

resource "aws_kms_alias" "key" {
  count         = var.create_key ? 1 : 0
  name          = "alias/${var.name_prefix}"
  target_key_id = aws_kms_key.key[0].key_id
}

data "aws_iam_policy_document" "key" {
  statement {
    sid       = "ThisAccount"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account}:root"]
    }
  }
  statement {
    sid       = "Logs"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["logs.${local.region}.${local.suffix}"]
    }
    condition {
      test     = "ArnEquals"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/${var.name_prefix}/collector"]
    }
  }
  # EventBridge sends no account to KMS: the topic bounds it.
  statement {
    sid       = "Alerts"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:aws:sns:topicArn"
      values   = ["arn:${local.partition}:sns:${local.region}:${local.account}:${var.name_prefix}-alerts"]
    }
  }
  # For documents with delivery s3.
  dynamic "statement" {
    for_each = var.organization_id == "" ? [] : [var.organization_id]
    content {
      sid       = "Hosts"
      actions   = ["kms:Decrypt"]
      resources = ["*"]
      principals {
        type        = "*"
        identifiers = ["*"]
      }
      condition {
        test     = "StringEquals"
        variable = "aws:PrincipalOrgID"
        values   = [statement.value]
      }
      condition {
        test     = "StringLike"
        variable = "kms:ViaService"
        values   = ["s3.*.${local.suffix}"]
      }
    }
  }
}

# The bucket of the agents: the collector reads it, the role that deploys writes it.

resource "aws_s3_bucket" "agents" {
  count  = var.existing_bucket ? 0 : 1
  bucket = var.bucket_name
  tags   = var.tags
}

resource "aws_s3_bucket_versioning" "agents" {
  count  = var.existing_bucket ? 0 : 1
  bucket = aws_s3_bucket.agents[0].id
  versioning_configuration { status = "Enabled" }
}

resource "aws_s3_bucket_ownership_controls" "agents" {
  count  = var.existing_bucket ? 0 : 1
  bucket = aws_s3_bucket.agents[0].id
  rule { object_ownership = "BucketOwnerEnforced" }
}

resource "aws_s3_bucket_public_access_block" "agents" {
  count                   = var.existing_bucket ? 0 : 1
  bucket                  = aws_s3_bucket.agents[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "agents" {
  count  = var.existing_bucket ? 0 : 1
  bucket = aws_s3_bucket.agents[0].id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = local.has_key ? "aws:kms" : "AES256"
      kms_master_key_id = local.key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "agents" {
  count      = var.existing_bucket ? 0 : 1
  bucket     = aws_s3_bucket.agents[0].id
  depends_on = [aws_s3_bucket_versioning.agents]
  rule {
    id     = "unfinished-uploads"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload { days_after_initiation = 7 }
  }
  # Documents name objects, each of one release: the newest version of an object never expires.
  rule {
    id     = "replaced-versions"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration { noncurrent_days = 30 }
  }
}

resource "aws_s3_bucket_logging" "agents" {
  count         = var.existing_bucket || var.access_log_bucket_name == "" ? 0 : 1
  bucket        = aws_s3_bucket.agents[0].id
  target_bucket = var.access_log_bucket_name
  target_prefix = "${var.bucket_name}/"
}

resource "aws_s3_bucket_notification" "agents" {
  count       = var.existing_bucket ? 0 : 1
  bucket      = aws_s3_bucket.agents[0].id
  eventbridge = true
}

data "aws_iam_policy_document" "bucket" {
  statement {
    sid       = "DenyWithoutTLS"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [local.agents, "${local.agents}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
  # For documents with delivery s3: hosts read with the role of their instance.
  dynamic "statement" {
    for_each = var.organization_id == "" ? [] : [var.organization_id]
    content {
      sid       = "ReadByTheOrganisation"
      actions   = ["s3:GetObject"]
      resources = ["${local.agents}/*dbcensus-agent-*"]
      principals {
        type        = "*"
        identifiers = ["*"]
      }
      condition {
        test     = "StringEquals"
        variable = "aws:PrincipalOrgID"
        values   = [statement.value]
      }
    }
  }
}

resource "aws_s3_bucket_policy" "agents" {
  count      = var.existing_bucket ? 0 : 1
  bucket     = aws_s3_bucket.agents[0].id
  policy     = data.aws_iam_policy_document.bucket.json
  depends_on = [aws_s3_bucket_public_access_block.agents]
}

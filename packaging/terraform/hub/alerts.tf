# The log, the topic of the alerts, and the rule that tells of a changed agent.

resource "aws_cloudwatch_log_group" "collector" {
  name              = "/${var.name_prefix}/collector"
  retention_in_days = var.log_retention_days
  # The log, with its audit lines, stays after `terraform destroy`.
  skip_destroy = true
  kms_key_id   = local.key_arn
  tags         = var.tags
}

resource "aws_sns_topic" "alerts" {
  name = "${var.name_prefix}-alerts"
  # CloudWatch's alarms cannot publish to a topic with AWS's own key.
  kms_master_key_id = local.key_arn
  tags              = var.tags
}

data "aws_iam_policy_document" "topic" {
  statement {
    sid       = "Alarms"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alerts.arn]
    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
  # EventBridge delivers to no topic whose policy has a condition for it.
  statement {
    sid       = "Events"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alerts.arn]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }
  statement {
    sid       = "DenyWithoutTLS"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alerts.arn]
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
}

resource "aws_sns_topic_policy" "alerts" {
  arn    = aws_sns_topic.alerts.arn
  policy = data.aws_iam_policy_document.topic.json
}

resource "aws_sns_topic_subscription" "email" {
  count     = var.alert_email == "" ? 0 : 1
  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "email"
  endpoint  = var.alert_email
}

locals {
  changes = [
    "PutObject", "CopyObject", "CompleteMultipartUpload", "DeleteObject", "DeleteObjects", "PutObjectAcl",
    "PutBucketPolicy", "DeleteBucketPolicy",
  ]
  by_others = var.deploy_principal_arn == "" ? {} : {
    "$or" = [
      { userIdentity = { sessionContext = { sessionIssuer = { arn = [{ "anything-but" = [aws_iam_role.deploy[0].arn] }] } } } },
      { userIdentity = { type = [{ "anything-but" = ["AssumedRole"] }] } },
    ]
  }
  buckets = concat([var.bucket_name], var.other_buckets_prefix == "" ? [] : [{ prefix = var.other_buckets_prefix }])
  pattern = {
    source        = ["aws.s3"]
    "detail-type" = var.cloud_trail_data_events ? ["AWS API Call via CloudTrail"] : ["Object Created", "Object Deleted"]
  }
}

# Tells you of changes to an agent. With a trail: of those that the role which deploys did not make.
resource "aws_cloudwatch_event_rule" "changed_agent" {
  name        = "${var.name_prefix}-changed-agent"
  description = "An object of the agents' bucket was changed."
  tags        = var.tags
  event_pattern = var.cloud_trail_data_events ? jsonencode(merge(local.pattern, {
    detail = merge({ eventName = local.changes, requestParameters = { bucketName = local.buckets } }, local.by_others)
  })) : jsonencode(merge(local.pattern, { detail = { bucket = { name = local.buckets } } }))
}

resource "aws_cloudwatch_event_target" "changed_agent" {
  rule      = aws_cloudwatch_event_rule.changed_agent.name
  target_id = "alerts"
  arn       = aws_sns_topic.alerts.arn
  input_transformer {
    input_paths = var.cloud_trail_data_events ? {
      what = "$.detail.eventName", bucket = "$.detail.requestParameters.bucketName", key = "$.detail.requestParameters.key", who = "$.detail.userIdentity.arn", at = "$.time"
      } : {
      what = "$.detail-type", bucket = "$.detail.bucket.name", key = "$.detail.object.key", who = "$.detail.requester", at = "$.time"
    }
    input_template = <<-TEXT
      "dbcensus: an object of the bucket <bucket> was changed: <what> <key>, by <who>, at <at>."
      "If you do not deploy a release now, see ${local.manual}#changed-agent"
    TEXT
  }
}

output "role_arn" {
  description = "The collector's role."
  value       = aws_iam_role.hub.arn
}

output "instance_profile" {
  description = "For the collector's EC2 instance."
  value       = aws_iam_instance_profile.hub.name
}

output "deploy_role_arn" {
  description = "The role that deploys; null without one."
  value       = one(aws_iam_role.deploy[*].arn)
}

output "bucket_name" {
  description = "discovery.agent_bucket"
  value       = var.bucket_name
}

output "key_arn" {
  description = "The KMS key; null without one."
  value       = local.key_arn
}

output "topic_arn" {
  description = "Where alerts go."
  value       = aws_sns_topic.alerts.arn
}

output "log_group" {
  description = "The collector's log."
  value       = aws_cloudwatch_log_group.collector.name
}

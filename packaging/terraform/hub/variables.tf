# The parameters of packaging/aws/hub.yaml, with the same names, defaults and limits.
variable "organization_id" {
  type        = string
  default     = ""
  description = "The organisation whose instances may read the agents. Empty for a trial in one account."
  validation {
    condition     = can(regex("^(o-[a-z0-9]{10,32})?$", var.organization_id))
    error_message = "Write the organisation's id, such as o-abcde12345, or leave it empty."
  }
}

variable "spoke_role_name" {
  type        = string
  default     = "dbcensus-spoke"
  description = "The role that the collector assumes in each account."
}

variable "spoke_role_path" {
  type        = string
  default     = "/"
  description = "The path of that role. It begins and ends with a slash."
}

variable "name_prefix" {
  type        = string
  default     = "dbcensus"
  description = "What the names of all resources begin with. The collector's role is this and -hub."
  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]{0,40}$", var.name_prefix))
    error_message = "Write up to 41 letters, digits and hyphens."
  }
}

variable "role_path" {
  type        = string
  default     = "/"
  description = "The path of the roles. It begins and ends with a slash."
}

variable "permissions_boundary" {
  type        = string
  default     = ""
  description = "The ARN of a policy that bounds the roles, if your organisation demands one."
}

variable "deploy_principal_arn" {
  type        = string
  default     = ""
  description = "The role or user that may take the role which deploys. Empty makes no such role."
}

variable "document_name" {
  type        = string
  default     = "dbcensus"
  description = "The SSM document, as in discovery.document."
}

variable "output_bucket_name" {
  type        = string
  default     = ""
  description = "The bucket for long outputs, discovery.output_bucket. Empty without one."
}

variable "backup_bucket_name" {
  type        = string
  default     = ""
  description = "The bucket of backup.to. Empty if the collector writes no backups to a bucket."
}

variable "store_user_arn" {
  type        = string
  default     = ""
  description = "arn:aws:rds-db:REGION:ACCOUNT:dbuser:RESOURCE/USER, to sign in to a store on RDS or Aurora without a password. Empty without."
  validation {
    condition     = var.store_user_arn == "" || can(regex("^arn:[a-z-]+:rds-db:[a-z0-9-]+:[0-9]{12}:dbuser:(cluster|db|prx)-[A-Za-z0-9]+/[A-Za-z_][A-Za-z0-9_-]*$", var.store_user_arn))
    error_message = "Write arn:aws:rds-db:REGION:ACCOUNT:dbuser:RESOURCE/USER, or leave it empty."
  }
}

variable "backup_kms_key_arn" {
  type        = string
  default     = ""
  description = "The KMS key of backup.kms_key or of the backup bucket. Empty without one."
}

variable "backup_role_arn" {
  type        = string
  default     = ""
  description = "The role of backup.role_arn, which writes backups to another account. Empty without one."
}

variable "bucket_name" {
  type        = string
  description = "The name of the bucket for the agents, discovery.agent_bucket. Names are unique in all of AWS."
  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "Write 3 to 63 small letters, digits, dots and hyphens."
  }
  validation {
    condition     = var.bucket_name != var.output_bucket_name && var.bucket_name != var.backup_bucket_name
    error_message = "The bucket of the agents must not be that of outputs or backups."
  }
}

variable "other_buckets_prefix" {
  type        = string
  default     = ""
  description = "With a bucket in each region, what their names begin with, such as acme-dbcensus-. Empty with one bucket."
}

variable "existing_bucket" {
  type        = bool
  default     = false
  description = "Whether the bucket is there already. Then this module changes nothing of it."
}

variable "access_log_bucket_name" {
  type        = string
  default     = ""
  description = "The bucket to which S3 writes the access log of the agents' bucket. Empty without one."
}

variable "cloud_trail_data_events" {
  type        = bool
  default     = false
  description = "Whether a trail of this account has the data events of the bucket."
}

variable "create_key" {
  type        = bool
  default     = false
  description = "Whether to make a KMS key for bucket, log group and topic."
  validation {
    condition     = !var.create_key || var.kms_key_arn == ""
    error_message = "Leave kms_key_arn empty, or set create_key to false."
  }
}

variable "kms_key_arn" {
  type        = string
  default     = ""
  description = "A KMS key of yours for bucket, log group and topic. Empty for AWS's own keys."
}

variable "log_retention_days" {
  type        = number
  default     = 30
  description = "Days that CloudWatch keeps the collector's log."
}

variable "alert_email" {
  type        = string
  default     = ""
  description = "An address that gets the alerts. AWS sends it a message to confirm. Empty without one."
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Tags of all resources. A CloudFormation stack takes them as its own tags."
}

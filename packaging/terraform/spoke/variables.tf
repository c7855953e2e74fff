# The parameters of packaging/aws/spoke.yaml, with the same names and defaults.
variable "hub_account_id" {
  type        = string
  description = "The account in which the collector runs, 12 digits."
  validation {
    condition     = can(regex("^[0-9]{12}$", var.hub_account_id))
    error_message = "Write the 12 digits of the hub account."
  }
}

variable "hub_role_name" {
  type        = string
  default     = "dbcensus-hub"
  description = "The collector's own role in the hub account. No other role is trusted."
}

variable "hub_role_path" {
  type        = string
  default     = "/"
  description = "The path of the collector's own role. It begins and ends with a slash."
}

variable "organization_id" {
  type        = string
  default     = ""
  description = "The organisation to which the collector's account has to belong. Empty for a trial without one."
}

variable "external_id" {
  type        = string
  sensitive   = true
  description = "The external id of the collector's configuration, discovery.external_id_file."
  validation {
    condition = (
      can(regex("^[A-Za-z0-9_+=,.@:/-]+$", var.external_id)) && length(var.external_id) >= 2 && length(var.external_id) <= 1224
    )
    error_message = "Write 2 to 1224 letters, digits and _+=,.@:/-"
  }
}

variable "document_name" {
  type        = string
  default     = "dbcensus"
  description = "The SSM document in the hub account. The role may run no other."
}

variable "role_name" {
  type        = string
  default     = "dbcensus-spoke"
  description = "The name of the role."
}

variable "role_path" {
  type        = string
  default     = "/"
  description = "The path of the role. It begins and ends with a slash."
}

variable "permissions_boundary" {
  type        = string
  default     = ""
  description = "The ARN of a policy that bounds the role, if your organisation demands one."
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Tags of all resources. A CloudFormation stack takes them as its own tags."
}

# One of the other templates of packaging/aws (bucket, monitoring, network, service, store) as a stack, with its own parameters.
terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.60, < 7.0" }
  }
}

variable "template" {
  type        = string
  description = "bucket, monitoring, network, service or store."
  validation {
    condition     = contains(["bucket", "monitoring", "network", "service", "store"], var.template)
    error_message = "Write bucket, monitoring, network, service or store."
  }
}

variable "name" {
  type        = string
  default     = ""
  description = "The stack's name. Empty for dbcensus- and the template's name."
}

variable "parameters" {
  type        = map(string)
  default     = {}
  description = "The parameters of the template. Separate the members of a list by commas."
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Tags of all resources."
}

resource "aws_cloudformation_stack" "stack" {
  name          = var.name == "" ? "dbcensus-${var.template}" : var.name
  template_body = file("${path.module}/../../aws/${var.template}.yaml")
  parameters    = var.parameters
  capabilities  = ["CAPABILITY_NAMED_IAM"]
  tags          = var.tags
}

output "outputs" {
  description = "The outputs of the template."
  value       = aws_cloudformation_stack.stack.outputs
}

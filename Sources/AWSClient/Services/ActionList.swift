/// Every action that the product calls. Nothing else is granted: policies and documentation are made from this list.
package enum ActionList {
    package static let all: [ActionDescription] = [
        STS.GetCallerIdentity.description, STS.AssumeRole.description, STS.AssumeRoleWithWebIdentity.description,
        Organizations.ListAccounts.description, Organizations.ListAccountsForParent.description,
        Organizations.ListOrganizationalUnitsForParent.description, Organizations.ListRoots.description,
        Organizations.ListTagsForResource.description,
        EC2.DescribeRegions.description, EC2.DescribeInstances.description,
        SSM.DescribeInstanceInformation.description, SSM.SendCommand.description,
        SSM.ListCommandInvocations.description, SSM.GetCommandInvocation.description, SSM.CancelCommand.description,
        SSM.DescribeDocument.description, SSM.ListDocumentVersions.description, SSM.CreateDocument.description,
        SSM.UpdateDocument.description, SSM.UpdateDocumentDefaultVersion.description, SSM.DeleteDocument.description,
        SSM.ModifyDocumentPermission.description, SSM.DescribeDocumentPermission.description, S3.GetObject.description,
        S3.HeadObject.description,
        S3.PutObject.description, S3.CreateMultipartUpload.description, S3.UploadPart.description,
        S3.CompleteMultipartUpload.description, S3.AbortMultipartUpload.description, S3.ListObjectsV2.description,
        S3.DeleteObject.description, SNS.Publish.description, S3.ListObjectVersions.description,
        S3.DeleteObjectVersion.description, S3.DeleteBucket.description,
        CloudFormation.ListStackInstances.description, CloudFormation.DeleteStackInstances.description,
        CloudFormation.DescribeStackSetOperation.description, CloudFormation.DeleteStackSet.description,
        CloudFormation.DescribeStacks.description, CloudFormation.DeleteStack.description,
    ]
}

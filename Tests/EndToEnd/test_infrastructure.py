"""network.yaml, service.yaml and store.yaml in moto: each resource by its own API, and what moto does not know from the template."""

import base64
import re
import subprocess

import pytest

from aws import REGION, Moto
from test_templates import ROOT, cfn_yaml, deploy

SHA = "0" * 64


@pytest.fixture(scope="module")
def moto():
    with Moto() as moto:
        yield moto


@pytest.fixture(scope="module")
def network(moto):
    """A VPC with two private subnets: `(VPC, subnets, route table)`."""
    ec2 = moto.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.1.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"] for number, zone in enumerate("ab")]
    return vpc, subnets, ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]


@pytest.fixture(scope="module")
def hub(moto):
    return deploy(moto, "hub", "hub", OrganizationId="o-abcde12345", BucketName="agents-of-acme")


def template_of(name):
    return cfn_yaml(ROOT / f"packaging/aws/{name}.yaml")["Resources"]


def group(moto, id):
    return moto.client("ec2").describe_security_groups(GroupIds=[id])["SecurityGroups"][0]


def sources(rules):
    """`{(port, source)}` of a security group's rules."""
    return {(rule.get("FromPort"), source) for rule in rules for source in
            [one["CidrIp"] for one in rule["IpRanges"]] + [one["GroupId"] for one in rule["UserIdGroupPairs"]]}


def test_endpoints_for_private_subnets(moto, network):
    vpc, subnets, table = network
    parameters = {"VpcId": vpc, "SubnetIds": ",".join(subnets), "RouteTableIds": table, "ClientCidr": "10.1.0.0/16"}

    def endpoints():
        found = moto.client("ec2").describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["VpcEndpoints"]
        return {one["ServiceName"].rsplit(".", 1)[1]: one for one in found}

    deploy(moto, "network", "network", **parameters)
    assert set(endpoints()) == {"s3", "ssm", "ssmmessages", "ec2messages"}
    assert endpoints()["s3"]["VpcEndpointType"] == "Gateway" and endpoints()["s3"]["RouteTableIds"] == [table]
    assert endpoints()["ssm"]["PrivateDnsEnabled"] and sorted(endpoints()["ssm"]["SubnetIds"]) == sorted(subnets)
    moto.client("cloudformation").delete_stack(StackName="network")
    deploy(moto, "network", "with-collector", ForCollector="true", **parameters)
    assert set(endpoints()) >= {"sts", "ec2", "logs", "sns", "kms"}


@pytest.fixture(scope="module")
def instance(moto, network, hub):
    vpc, subnets, _ = network
    image = moto.client("ec2").describe_images()["Images"][0]["ImageId"]
    certificate = moto.client("acm").request_certificate(DomainName="dbcensus.example.com")["CertificateArn"]
    outputs = deploy(moto, "service", "ec2", VpcId=vpc, SubnetIds=",".join(subnets), AvailabilityZone=f"{REGION}a", AmiId=image, LogGroupName=hub["LogGroup"],
                     InstanceProfile=hub["InstanceProfile"], PackageUrl="s3://agents-of-acme/dbcensus-collector.rpm", PackageSHA256=SHA,
                     CertificateArn=certificate, Scheme="internal", ClientCidr="10.2.0.0/16")
    return outputs, moto.client("ec2").describe_instances(InstanceIds=[outputs["InstanceId"]])["Reservations"][0]["Instances"][0]


def test_the_instance_and_its_volume(moto, network, instance):
    outputs, found = instance
    assert found["SubnetId"] == network[1][0] and found["IamInstanceProfile"]["Arn"].endswith("/dbcensus-hub")
    template = moto.client("ec2").describe_launch_template_versions(LaunchTemplateName="dbcensus-collector")["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    assert template["MetadataOptions"]["HttpTokens"] == "required" and template["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    volumes = [volume for volume in moto.client("ec2").describe_volumes()["Volumes"] if volume["Size"] == 20]
    assert [volume["AvailabilityZone"] for volume in volumes] == [f"{REGION}a"]
    volume = template_of("service")["Volume"]
    assert volume["DeletionPolicy"] == volume["UpdateReplacePolicy"] == "Snapshot" and volume["Properties"]["Encrypted"] is True  # moto ignores it


def test_only_the_load_balancer_connects_to_the_collector(moto, instance):
    outputs, found = instance
    elb = moto.client("elbv2")
    (balancer,) = elb.describe_load_balancers()["LoadBalancers"]
    assert balancer["Scheme"] == "internal" and outputs["LoadBalancerName"] == balancer["DNSName"]
    (front,) = balancer["SecurityGroups"]
    assert sources(group(moto, outputs["SecurityGroupId"])["IpPermissions"]) == {(8629, front)}
    assert sources(group(moto, front)["IpPermissions"]) == {(443, "10.2.0.0/16"), (80, "10.2.0.0/16")}
    listeners = {one["Port"]: one for one in elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]}
    assert listeners[443]["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06" and listeners[443]["DefaultActions"][0]["Type"] == "forward"
    assert listeners[80]["DefaultActions"][0]["RedirectConfig"]["Protocol"] == "HTTPS"
    attributes = template_of("service")["LoadBalancer"]["Properties"]["LoadBalancerAttributes"]  # moto ignores them
    for name in ("deletion_protection.enabled", "routing.http.drop_invalid_header_fields.enabled"):
        assert {"Key": name, "Value": "true"} in attributes
    (targets,) = elb.describe_target_groups()["TargetGroups"]
    assert targets["HealthCheckPath"] == "/readyz" and targets["Port"] == 8629


def test_the_script_that_sets_the_instance_up(moto, instance, tmp_path):
    outputs, found = instance
    data = moto.client("ec2").describe_instance_attribute(InstanceId=found["InstanceId"], Attribute="userData")["UserData"]["Value"]
    text = base64.b64decode(data).decode()
    if not text.startswith("#!"):  # moto encodes what is encoded already
        text = base64.b64decode(text).decode()
    script = tmp_path / "user-data"
    script.write_text(text)
    done = subprocess.run(["shellcheck", "--shell=bash", "--exclude=SC2194", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    # The download is checked before it is installed, and nothing of a template is left.
    assert text.index(f'echo "{SHA}  /tmp/dbcensus-collector.rpm" | sha256sum --check') < text.index("dnf install")
    assert not re.search(r"\$\{(?!id#vol-\})", text)
    assert "DBCENSUS_SERVER_ADDRESS=0.0.0.0" in text and "DBCENSUS_METRICS_EMBEDDED=true" in text
    for name in re.findall(r"\$examples/([a-z.-]+)", text):
        assert (ROOT / "packaging/collector/examples" / name).exists(), name
    # It names the log group of the hub where the example has the usual one.
    assert '"/dbcensus/collector"' in (ROOT / "packaging/collector/examples/cloudwatch-agent.json").read_text()


def test_a_task_on_fargate(moto, network, hub):
    vpc, subnets, _ = network
    store_group = moto.client("ec2").create_security_group(GroupName="store", Description="store", VpcId=vpc)["GroupId"]
    outputs = deploy(moto, "service", "fargate", NamePrefix="task", Platform="fargate", VpcId=vpc, SubnetIds=",".join(subnets), TaskRoleArn=hub["RoleArn"],
                     Image="111122223333.dkr.ecr.eu-west-1.amazonaws.com/dbcensus:0.1.0", StoreUrl="postgresql://dbcensus@store/dbcensus", StoreSecurityGroupId=store_group,
                     EnvironmentFileArn="arn:aws:s3:::agents-of-acme/collector.env")
    rule = template_of("service")["ToStore"]["Properties"]  # moto ignores it
    assert rule["DestinationSecurityGroupId"] == {"Ref": "StoreSecurityGroupId"} and (rule["FromPort"], rule["ToPort"]) == (5432, 5432)
    ecs = moto.client("ecs")
    task = ecs.describe_task_definition(taskDefinition="task-collector")["taskDefinition"]
    (container,) = task["containerDefinitions"]
    properties = template_of("service")["TaskDefinition"]["Properties"]  # moto ignores them
    assert properties["RequiresCompatibilities"] == ["FARGATE"] and properties["TaskRoleArn"]["Fn::If"][1] == {"Ref": "TaskRoleArn"}
    assert container["readonlyRootFilesystem"] and container["user"] == "65532" and container["linuxParameters"]["capabilities"]["drop"] == ["ALL"]
    assert container["logConfiguration"]["options"]["awslogs-group"] == "/dbcensus/collector"
    (service,) = ecs.describe_services(cluster="task", services=["task-collector"])["services"]
    assert service["desiredCount"] == 1
    assert template_of("service")["Service"]["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "DISABLED"
    assert sources(group(moto, outputs["SecurityGroupId"])["IpPermissions"]) == set()
    assert not [one for one in moto.client("ec2").describe_instances()["Reservations"] if one["Instances"][0].get("SubnetId") == subnets[1]]


def test_a_store_in_postgresql():
    """moto's CloudFormation makes no server of these properties: they are read from the template."""
    resources = template_of("store")
    assert "SecurityGroupIngress" not in resources["SecurityGroup"]["Properties"]
    rule = resources["FromCollector"]["Properties"]
    assert rule["SourceSecurityGroupId"] == {"Ref": "CollectorSecurityGroupId"} and (rule["FromPort"], rule["ToPort"]) == (5432, 5432)
    for name in ("Cluster", "Instance"):
        properties = resources[name]["Properties"]
        assert all(properties[key] is True for key in ("StorageEncrypted", "DeletionProtection", "EnableIAMDatabaseAuthentication", "ManageMasterUserPassword"))
        assert properties["BackupRetentionPeriod"] == {"Ref": "BackupDays"} and "MasterUserPassword" not in properties
        assert resources[name]["DeletionPolicy"] == resources[name]["UpdateReplacePolicy"] == "Snapshot"
    for name in ("Writer", "Reader", "Instance"):
        assert resources[name]["Properties"]["PubliclyAccessible"] is False
    for name in ("ClusterParameters", "InstanceParameters"):
        assert resources[name]["Properties"]["Parameters"]["rds.force_ssl"] == "1"
    assert cfn_yaml(ROOT / "packaging/aws/store.yaml")["Parameters"]["BackupDays"]["MinValue"] == 7


def test_what_is_missing_is_said_before_anything_is_made():
    """CloudFormation checks the rules of a template first; moto does not."""
    rules = cfn_yaml(ROOT / "packaging/aws/service.yaml")["Rules"]
    said = " ".join(assertion["AssertDescription"] for rule in rules.values() for assertion in rule["Assertions"])
    task = template_of("service")["TaskDefinition"]["Properties"]["ContainerDefinitions"][0]
    assert {"Fn::If": ["HasStorePassword", {"Ref": "AWS::NoValue"}, {"Name": "DBCENSUS_STORE_RDS_IAM", "Value": "true"}]} in task["Environment"]
    assert {"Fn::If": ["HasStorePassword", {"Name": "PGPASSWORD", "ValueFrom": {"Ref": "StorePasswordSecretArn"}}, {"Ref": "AWS::NoValue"}]} in task["Secrets"]
    assert task["Secrets"][0]["Name"] == "DBCENSUS_DISCOVERY_EXTERNAL_ID"
    deployment = template_of("service")["Service"]["Properties"]["DeploymentConfiguration"]
    assert (deployment["MinimumHealthyPercent"], deployment["MaximumPercent"]) == (100, 200), "the new task begins before the old one ends"
    for parameter in ("AmiId", "PackageUrl", "PackageSHA256", "AvailabilityZone", "Image", "TaskRoleArn", "StoreUrl"):
        assert f"needs {parameter}" in said

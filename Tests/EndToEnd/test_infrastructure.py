"""network.yaml, service.yaml, store.yaml, regions.yaml and scheduled-scan.yaml in moto: each resource by its own API, and what
moto does not know from the template."""

import base64
import json
import re
import subprocess

import pytest
from moto.events.models import EventPattern

from aws import REGION, Moto
from service import Service
from test_templates import ACCOUNT, ROOT, cfn_yaml, deploy, listed, statements

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


@pytest.fixture(scope="module")
def zone(moto):
    """`deploy` of one region's record in a zone, and the records that the zone then has."""
    route53 = moto.client("route53")
    id = route53.create_hosted_zone(Name="example.com", CallerReference="zone")["HostedZone"]["Id"].rsplit("/", 1)[1]

    def region(stack, name, region, **parameters):
        outputs = deploy(moto, "regions", stack, HostedZoneId=id, RecordName=name, CollectorRegion=region, EndpointName=f"lb.{region}.elb.amazonaws.com", **parameters)
        check = route53.get_health_check(HealthCheckId=outputs["HealthCheckId"])["HealthCheck"]
        every = route53.list_resource_record_sets(HostedZoneId=id)["ResourceRecordSets"]
        return check, {one["SetIdentifier"]: one for one in every if one["Name"].rstrip(".") == name}

    return region


def test_a_record_and_a_health_check_for_each_region(zone):
    zone("frankfurt", "dbcensus.example.com", "eu-central-1", LoadBalancerZoneId="Z215JYRZR1TBD5")
    check, records = zone("virginia", "dbcensus.example.com", "us-east-1", LoadBalancerZoneId="Z35SXDOTRQ7X7K", RequestInterval="10")
    assert set(records) == {"eu-central-1", "us-east-1"} and all(one["Type"] == "A" and one["Region"] == name for name, one in records.items())
    record = records["us-east-1"]
    assert record["AliasTarget"] == {"HostedZoneId": "Z35SXDOTRQ7X7K", "DNSName": "lb.us-east-1.elb.amazonaws.com", "EvaluateTargetHealth": True}
    assert record["HealthCheckId"] == check["Id"] != records["eu-central-1"]["HealthCheckId"]
    config = check["HealthCheckConfig"]
    assert (config["Type"], config["FullyQualifiedDomainName"], config["Port"]) == ("HTTPS_STR_MATCH", "lb.us-east-1.elb.amazonaws.com", 443)
    assert (config["ResourcePath"], config["RequestInterval"], config["FailureThreshold"]) == ("/readyz", 10, 3)
    assert template_of("regions")["HealthCheck"]["Properties"]["HealthCheckConfig"]["Fn::If"][2]["EnableSNI"] is True  # moto ignores it


def test_a_collector_that_can_store_answers_what_the_health_check_looks_for(zone, tmp_path):
    check, _ = zone("searched", "searched.example.com", "eu-west-1")
    with Service(tmp_path) as service:
        answer = service.get(check["HealthCheckConfig"]["ResourcePath"], token=None)
        assert answer.status_code == 200 and check["HealthCheckConfig"]["SearchString"].encode() in answer.content[:5120]


def test_records_by_location(zone):
    """By CNAME; the second record of a region takes the health check of the first."""
    europe, _ = zone("europe", "by-location.example.com", "eu-central-1", Routing="geolocation", Continent="EU")
    zone("germany", "by-location.example.com", "eu-central-1", Routing="geolocation", Country="DE", HealthCheckId=europe["Id"])
    _, records = zone("others", "by-location.example.com", "us-east-1", Routing="geolocation")
    assert {name: one["GeoLocation"] for name, one in records.items()} == {
        "eu-central-1-EU": {"ContinentCode": "EU"}, "eu-central-1-DE": {"CountryCode": "DE"}, "us-east-1-*": {"CountryCode": "*"}}
    assert all((one["Type"], one["TTL"]) == ("CNAME", 60) and "Region" not in one for one in records.values())
    assert records["eu-central-1-DE"]["HealthCheckId"] == europe["Id"] and records["us-east-1-*"]["ResourceRecords"] == [{"Value": "lb.us-east-1.elb.amazonaws.com"}]
    (rule,) = cfn_yaml(ROOT / "packaging/aws/regions.yaml")["Rules"].values()  # moto checks none
    assert [assertion["Assert"] for assertion in rule["Assertions"]] == [{"Fn::Equals": [{"Ref": "Country"}, "*"]}, {"Fn::Equals": [{"Ref": "Routing"}, "geolocation"]}]


def test_an_alarm_decides_for_a_collector_without_public_addresses(zone):
    check, records = zone("private", "private.example.com", "eu-west-1", LoadBalancerZoneId="Z32O12XQLNTSW2", AlarmName="dbcensus-cut-off")
    assert check["HealthCheckConfig"]["Type"] == "CLOUDWATCH_METRIC" and records["eu-west-1"]["HealthCheckId"] == check["Id"]
    resources = template_of("regions")  # moto ignores the rest
    config = resources["HealthCheck"]["Properties"]["HealthCheckConfig"]["Fn::If"][1]
    assert config["AlarmIdentifier"] == {"Name": {"Ref": "AlarmName"}, "Region": {"Ref": "CollectorRegion"}} and config["InsufficientDataHealthStatus"] == "Unhealthy"
    alarm = resources["Unhealthy"]["Properties"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Route53", "HealthCheckStatus") and alarm["Dimensions"][0]["Name"] == "HealthCheckId"


@pytest.fixture(scope="module")
def scheduled(moto, network, hub):
    return deploy(moto, "scheduled-scan", "scheduled", NamePrefix="nightly", SubnetIds=",".join(network[1]), SecurityGroupId="sg-0123456789abcdef0", TaskRoleArn=hub["RoleArn"],
                  ExecutionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/dbcensus-start", Image="111122223333.dkr.ecr.eu-west-1.amazonaws.com/dbcensus:0.1.0",
                  StoreUrl="postgresql://dbcensus@store/dbcensus", TopicArn=hub["TopicArn"], EnvironmentFileArn="arn:aws:s3:::agents-of-acme/collector.env")


def test_a_task_that_scans_and_ends(moto, scheduled):
    (container,) = moto.client("ecs").describe_task_definition(taskDefinition=scheduled["TaskDefinitionArn"])["taskDefinition"]["containerDefinitions"]
    assert container["command"] == ["scan", "--wait"] and "portMappings" not in template_of("scheduled-scan")["TaskDefinition"]["Properties"]["ContainerDefinitions"][0]
    assert container["readonlyRootFilesystem"] and container["user"] == "65532"
    assert container["linuxParameters"] == {"capabilities": {"drop": ["ALL"]}, "initProcessEnabled": True}
    assert {one["name"]: one["value"] for one in container["environment"]} == {
        "DBCENSUS_STORE_PATH": "postgresql://dbcensus@store/dbcensus", "DBCENSUS_STORE_CONNECTIONS": "2", "DBCENSUS_STORE_RDS_IAM": "true"}
    assert container["logConfiguration"]["options"]["awslogs-stream-prefix"] == "scan"
    mine, workers = (template_of(name)["TaskDefinition"]["Properties"] for name in ("scheduled-scan", "workers"))
    for name in ("RequiresCompatibilities", "NetworkMode", "TaskRoleArn", "ExecutionRoleArn", "Volumes"):
        assert mine[name] == workers[name]
    for name in ("Secrets", "EnvironmentFiles", "MountPoints", "ReadonlyRootFilesystem", "User"):
        assert mine["ContainerDefinitions"][0][name] == workers["ContainerDefinitions"][0][name]


def test_the_schedule_starts_it_in_private_subnets():
    """moto's CloudFormation makes no schedule."""
    schedule = template_of("scheduled-scan")["Schedule"]["Properties"]
    assert schedule["ScheduleExpressionTimezone"] == {"Ref": "TimeZone"}
    assert schedule["FlexibleTimeWindow"]["Fn::If"][1:] == [{"Mode": "FLEXIBLE", "MaximumWindowInMinutes": {"Ref": "WindowMinutes"}}, {"Mode": "OFF"}]
    target = schedule["Target"]
    assert target["EcsParameters"]["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "DISABLED"
    assert (target["EcsParameters"]["LaunchType"], target["EcsParameters"]["TaskCount"]) == ("FARGATE", 1)
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["NotStartedQueue", "Arn"]}} and target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 3600


def test_the_role_of_the_schedule_starts_this_task_and_nothing_else(moto, hub, scheduled):
    (trust,) = moto.client("iam").get_role(RoleName="nightly-schedule")["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/nightly-scan"}}
    found = {action: statement for statement in statements(moto, "nightly-schedule") for action in listed(statement["Action"])}
    assert {action: (listed(one["Resource"]), one.get("Condition")) for action, one in found.items()} == {
        "ecs:RunTask": ([f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/nightly-scan:*"], {"ArnEquals": {"ecs:cluster": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/dbcensus"}}),
        "ecs:TagResource": ([f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/dbcensus/*"], {"StringEquals": {"ecs:CreateAction": "RunTask"}}),
        "iam:PassRole": ([hub["RoleArn"], f"arn:aws:iam::{ACCOUNT}:role/dbcensus-start"], {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}),
        "sqs:SendMessage": ([f"arn:aws:sqs:{REGION}:{ACCOUNT}:nightly-scan-not-started"], None)}
    queue = moto.client("sqs").get_queue_attributes(QueueUrl=scheduled["NotStartedQueueUrl"], AttributeNames=["All"])["Attributes"]
    assert queue["SqsManagedSseEnabled"] == "true"
    alarm = template_of("scheduled-scan")["NotStarted"]["Properties"]  # moto's CloudFormation makes no alarm
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["NotStartedQueue", "QueueName"]}}] and alarm["Threshold"] == 1


@pytest.mark.parametrize("is_told, changes", [
    (False, {}), (True, {"containers": {"exitCode": 3}}), (True, {"containers": {"exitCode": 137}}), (True, {"containers": {}, "stopCode": "TaskFailedToStart"}),
    (True, {"containers": {}, "stopCode": "UserInitiated"}), (False, {"containers": {"exitCode": 3}, "lastStatus": "DEPROVISIONING"}),
    (False, {"containers": {"exitCode": 3}, "taskDefinitionArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/nightly-scanner:1"}),
    (False, {"containers": {"exitCode": 3}, "clusterArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/another"})])
def test_a_scan_that_failed_is_told(moto, hub, scheduled, is_told, changes):
    events = moto.client("events")
    pattern = json.loads(events.describe_rule(Name="nightly-scan-failed")["EventPattern"])
    (target,) = events.list_targets_by_rule(Rule="nightly-scan-failed")["Targets"]
    assert target["Arn"] == hub["TopicArn"]
    # EventBridge looks into each of a list; moto does not. A task has one container.
    detail = {"clusterArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/dbcensus", "taskDefinitionArn": scheduled["TaskDefinitionArn"], "lastStatus": "STOPPED",
              "stopCode": "EssentialContainerExited", "containers": {"exitCode": 0}, **changes}
    assert EventPattern(None, pattern).matches_event({"source": "aws.ecs", "detail-type": "ECS Task State Change", "detail": detail}) == is_told
    said = target["InputTransformer"]
    assert set(re.findall(r"<([a-z]+)>", said["InputTemplate"])) == set(said["InputPathsMap"])


@pytest.mark.parametrize("name", ["regions", "scheduled-scan"])
def test_messages_name_a_page_of_the_manual(name):
    pages = re.findall(r"github[.]com/dbcensus/dbcensus/blob/main/(docs/[a-z/-]+[.]md)(?:#([a-z-]+))?", (ROOT / f"packaging/aws/{name}.yaml").read_text())
    assert pages
    for page, section in pages:
        sections = {heading.lower().replace(" ", "-") for heading in re.findall(r"(?m)^## (.+)$", (ROOT / page).read_text())}
        assert not section or section in sections, (page, section)

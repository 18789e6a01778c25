"""The full profile on a stand-in with every service: what was made is asked for, piece by piece, and then deleted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from terraform import __main__ as commands
from terraform import stack, tools
from terraform.upload import main

from .conftest import Client, client_of, say, terraform

PREFIX = "menswear-full"
ACCOUNT = "123456789012"
REPOSITORY = "owner/name"


@pytest.fixture(scope="module")
def full(moto: str, provider: None) -> stack.Environment:
    """The environment of the full profile."""
    # no budget: the stand-in never answers that call
    return stack.Environment(
        "full",
        tools.FOLDER / "environments" / "local.tfvars",
        {
            "local_endpoint": moto,
            "full_profile": True,
            "warehouse_final_snapshot": True,
            "edge": False,  # the stand-in knows a CDN, but not its functions and headers
            "prefix": PREFIX,
            "github_repository": REPOSITORY,
            "github_environment": "production",
            "alarm_email": "somebody@example.com",
        },
    )


@pytest.fixture(scope="module")
def client(moto: str) -> Client:
    return client_of(moto)


@pytest.fixture(scope="module")
def known(full: stack.Environment) -> Iterator[dict[str, Any]]:
    """The outputs of the stack, while it stands."""
    stack.prepare(full)
    stack.apply(full)
    yield stack.outputs(full)


def test_nothing_is_made_before_a_yes(
    moto: str, provider: None, client: Client, book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state bucket comes before the plan that is shown, so it is asked for by itself."""
    monkeypatch.setattr(commands, "ENVIRONMENTS", tmp_path)
    (tmp_path / "elsewhere.tfvars").write_text(f'prefix = "menswear-elsewhere"\nlocal_endpoint = "{moto}"\n')
    status, printed, errors = say("deploy", "elsewhere", "--book", str(book), answer="n\n")
    assert status == 1, printed + errors
    assert f"is kept in the bucket menswear-elsewhere-state-{ACCOUNT}, of which this checkout knows nothing" in printed
    assert client("s3").list_buckets()["Buckets"] == []


def test_buckets_are_encrypted_versioned_and_closed(known: dict[str, Any], client: Client) -> None:
    s3 = client("s3")
    names = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    assert names == {f"{PREFIX}-state-{ACCOUNT}", f"{PREFIX}-site-{ACCOUNT}"}
    for name in names:
        rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
        assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
        assert set(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values()) == {True}
        denied = [part for part in _policy(s3, name) if part["Effect"] == "Deny"]
        assert [part["Condition"] for part in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]
        assert denied[0]["Resource"] == [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
        tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=name)["TagSet"]}
        assert tags == {"project": PREFIX, "managed_by": "terraform"}


def test_only_the_cdn_reads_the_book(known: dict[str, Any], client: Client) -> None:
    allowed = [part for part in _policy(client("s3"), known["site_bucket"]) if part["Effect"] == "Allow"]
    assert [part["Principal"] for part in allowed] == [{"Service": "cloudfront.amazonaws.com"}]
    cdn = client("cloudfront").get_distribution(Id=known["cdn_id"])["Distribution"]
    assert allowed[0]["Condition"] == {"StringEquals": {"AWS:SourceArn": cdn["ARN"]}}
    behaviour = cdn["DistributionConfig"]["DefaultCacheBehavior"]
    assert behaviour["ViewerProtocolPolicy"] == "redirect-to-https"
    (control,) = client("cloudfront").list_origin_access_controls()["OriginAccessControlList"]["Items"]
    assert (control["SigningBehavior"], control["OriginAccessControlOriginType"]) == ("always", "s3")


def test_an_upload_refreshes_the_cdn(known: dict[str, Any], client: Client, book: Path) -> None:
    assert main(str(book), known["site_bucket"], known["region"], known["local_endpoint"], known["cdn_id"]) == 0
    (done,) = client("cloudfront").list_invalidations(DistributionId=known["cdn_id"])["InvalidationList"]["Items"]
    paths = client("cloudfront").get_invalidation(DistributionId=known["cdn_id"], Id=done["Id"])
    assert paths["Invalidation"]["InvalidationBatch"]["Paths"]["Items"] == ["/*"]


def test_images_are_written_once_and_scanned(known: dict[str, Any], client: Client) -> None:
    (found,) = client("ecr").describe_repositories()["repositories"]
    assert found["imageTagMutability"] == "IMMUTABLE"
    assert found["imageScanningConfiguration"]["scanOnPush"] is True
    assert known["registry_url"] == found["repositoryUri"]
    policy = client("ecr").get_lifecycle_policy(repositoryName=found["repositoryName"])["lifecyclePolicyText"]
    assert len(json.loads(policy)["rules"]) == 2


def test_the_warehouse_is_encrypted_and_private(known: dict[str, Any], client: Client) -> None:
    (server,) = client("rds").describe_db_instances()["DBInstances"]
    assert server["Engine"] == "postgres" and server["EngineVersion"].startswith("17")
    assert server["StorageEncrypted"] is True
    assert server["PubliclyAccessible"] is False
    secret = client("secretsmanager").describe_secret(SecretId=server["MasterUserSecret"]["SecretArn"])
    assert secret["ARN"] == server["MasterUserSecret"]["SecretArn"]
    group = server["DBParameterGroups"][0]["DBParameterGroupName"]
    parameters = client("rds").describe_db_parameters(DBParameterGroupName=group)["Parameters"]
    assert {p["ParameterName"]: p.get("ParameterValue") for p in parameters}["rds.force_ssl"] == "1"


def test_no_password_is_in_the_state(known: dict[str, Any], client: Client) -> None:
    (server,) = client("rds").describe_db_instances()["DBInstances"]
    secret = client("secretsmanager").get_secret_value(SecretId=server["MasterUserSecret"]["SecretArn"])
    password = json.loads(secret["SecretString"])["password"]
    state = client("s3").get_object(Bucket=f"{PREFIX}-state-{ACCOUNT}", Key="stack.tfstate")["Body"].read().decode()
    assert password
    assert password not in state


def test_only_the_pipeline_reaches_the_warehouse(known: dict[str, Any], client: Client) -> None:
    ec2 = client("ec2")
    groups = {group["GroupName"]: group for group in ec2.describe_security_groups()["SecurityGroups"]}
    (ingress,) = groups[f"{PREFIX}-warehouse"]["IpPermissions"]
    assert (ingress["FromPort"], ingress["ToPort"]) == (5432, 5432)
    assert [pair["GroupId"] for pair in ingress["UserIdGroupPairs"]] == [groups[f"{PREFIX}-pipeline"]["GroupId"]]
    assert not ingress["IpRanges"] and not ingress["Ipv6Ranges"]
    assert groups[f"{PREFIX}-warehouse"]["IpPermissionsEgress"] == []
    assert groups[f"{PREFIX}-pipeline"]["IpPermissions"] == []
    assert not [rule for rule in groups[f"{PREFIX}-pipeline"]["IpPermissionsEgress"] if rule["IpRanges"]]


def test_nothing_leads_out_of_the_network(known: dict[str, Any], client: Client) -> None:
    ec2 = client("ec2")
    (network,) = [vpc for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]]
    only = [{"Name": "vpc-id", "Values": [network["VpcId"]]}]
    assert not [gateway for gateway in ec2.describe_internet_gateways()["InternetGateways"]
                if network["VpcId"] in {to["VpcId"] for to in gateway["Attachments"]}]  # fmt: skip
    assert not ec2.describe_nat_gateways(Filter=only)["NatGateways"]
    endpoints = ec2.describe_vpc_endpoints(Filters=only)["VpcEndpoints"]
    services = {endpoint["ServiceName"].rpartition("eu-central-1.")[2] for endpoint in endpoints}
    assert services == {"ecr.api", "ecr.dkr", "logs", "secretsmanager", "s3"}
    assert len({subnet["AvailabilityZone"] for subnet in ec2.describe_subnets(Filters=only)["Subnets"]}) == 2


def test_schedule_task_and_dead_letters_are_joined(known: dict[str, Any], client: Client) -> None:
    schedule = client("scheduler").get_schedule(GroupName=f"{PREFIX}-pipeline", Name=f"{PREFIX}-pipeline")
    assert schedule["ScheduleExpression"] == "cron(0 3 * * ? *)"
    target = schedule["Target"]
    revision = target["EcsParameters"]["TaskDefinitionArn"]
    task = client("ecs").describe_task_definition(taskDefinition=revision)["taskDefinition"]
    sqs = client("sqs")
    queue = sqs.get_queue_url(QueueName=f"{PREFIX}-pipeline-failed")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert target["DeadLetterConfig"]["Arn"] == attributes["QueueArn"]
    assert attributes["SqsManagedSseEnabled"] == "true"
    network = target["EcsParameters"]["NetworkConfiguration"]["awsvpcConfiguration"]
    assert network["AssignPublicIp"] == "DISABLED"

    (container,) = task["containerDefinitions"]
    assert container["image"] == f"{known['registry_url']}:v1"
    assert container["readonlyRootFilesystem"] is True and container["user"] == "1000"
    (server,) = client("rds").describe_db_instances()["DBInstances"]
    assert container["secrets"] == [
        {"name": "POSTGRES_PASSWORD", "valueFrom": f"{server['MasterUserSecret']['SecretArn']}:password::"}
    ]
    settings = {item["name"]: item["value"] for item in container["environment"]}
    assert settings["TARGET"] == "postgres" and settings["POSTGRES_HOST"] == server["Endpoint"]["Address"]
    assert "POSTGRES_PASSWORD" not in settings

    (rule,) = client("events").list_rules(NamePrefix=PREFIX)["Rules"]
    pattern = json.loads(rule["EventPattern"])
    assert pattern["detail"]["clusterArn"] == [target["Arn"]]
    (to,) = client("events").list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert to["Arn"] == attributes["QueueArn"]
    (alarm,) = client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": f"{PREFIX}-pipeline-failed"}]
    assert alarm["AlarmActions"] == [known["alarm_topic_arn"]]


def test_logs_do_not_pile_up(known: dict[str, Any], client: Client) -> None:
    (log,) = client("logs").describe_log_groups(logGroupNamePrefix=f"/{PREFIX}")["logGroups"]
    assert log["retentionInDays"] == 90


def test_roles_may_do_what_they_need_and_no_more(known: dict[str, Any], client: Client) -> None:
    iam = client("iam")
    allowed = {}
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        if name.startswith(PREFIX):
            assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
            documents = [
                _document(iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])
                for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
            ]
            statements = [statement for document in documents for statement in document["Statement"]]
            allowed[name.removeprefix(f"{PREFIX}-")] = {
                action: statement["Resource"] for statement in statements for action in _list(statement["Action"])
            }
    assert {name: set(actions) for name, actions in allowed.items()} == {
        "pipeline-execution": {
            "ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer", "logs:CreateLogStream", "logs:PutLogEvents", "secretsmanager:GetSecretValue",
        },
        "pipeline-task": set(),
        "pipeline-scheduler": {"ecs:RunTask", "iam:PassRole", "sqs:SendMessage"},
        "publisher": {
            "s3:ListBucket", "s3:PutObject", "s3:DeleteObject", "cloudfront:CreateInvalidation",
            "ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage",
            "ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
        },
    }  # fmt: skip
    everywhere = {action for actions in allowed.values() for action, where in actions.items() if "*" in _list(where)}
    assert everywhere == {"ecr:GetAuthorizationToken"}


def test_one_environment_of_one_repository_is_trusted(known: dict[str, Any], client: Client) -> None:
    role = client("iam").get_role(RoleName=known["publisher_role_arn"].rpartition("/")[2])["Role"]
    (statement,) = _document(role["AssumeRolePolicyDocument"])["Statement"]
    issuer = "token.actions.githubusercontent.com"
    assert statement["Principal"] == {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"}
    assert statement["Condition"] == {
        "StringEquals": {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:sub": f"repo:{REPOSITORY}:environment:production",
        }
    }


def test_a_second_copy_takes_the_accounts_identity_provider(
    known: dict[str, Any], full: stack.Environment, moto: str, client: Client, tmp_path: Path
) -> None:
    """An account has one for GitHub, however many stacks are in it: told, then shared."""
    options = [f"-backend-config={full.folder / 'backend.hcl'}", "-backend-config=key=second.tfstate"]
    done = terraform(stack.STACK, tmp_path, "init", "-lockfile=readonly", *options)
    if done.returncode:
        mirror = tools.mirror(done.stdout + done.stderr)
        done = terraform(stack.STACK, tmp_path, "init", "-reconfigure", "-lockfile=readonly", *options, **mirror)
    assert done.returncode == 0, done.stderr

    def apply(*options: str) -> str:
        values = {"prefix": "menswear-second", "local_endpoint": moto, "github_repository": REPOSITORY}
        settings = [f"-var={name}={value}" for name, value in values.items()]
        only = ("-auto-approve", "-no-color", "-target=module.github_oidc")
        done = terraform(stack.STACK, tmp_path, "apply", *only, *settings, *options)
        return "" if done.returncode == 0 else stack.explain(done.stdout + done.stderr, "second")

    assert apply().startswith("this account has GitHub's identity provider already, and can have no second one")
    (provider,) = client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert apply(f"-var=github_oidc_provider_arn={provider['Arn']}") == ""
    role = client("iam").get_role(RoleName="menswear-second-publisher")["Role"]
    assert _document(role["AssumeRolePolicyDocument"])["Statement"][0]["Principal"] == {"Federated": provider["Arn"]}


def test_destroy_leaves_a_snapshot_and_nothing_else(
    known: dict[str, Any], full: stack.Environment, client: Client
) -> None:
    stack.destroy(full, bootstrap=True)
    assert [bucket for bucket in client("s3").list_buckets()["Buckets"] if bucket["Name"].startswith(PREFIX)] == []
    assert client("rds").describe_db_instances()["DBInstances"] == []
    (snapshot,) = client("rds").describe_db_snapshots()["DBSnapshots"]
    assert re.fullmatch(rf"{PREFIX}-warehouse-\d{{14}}", snapshot["DBSnapshotIdentifier"])
    assert client("ecr").describe_repositories()["repositories"] == []
    assert client("cloudfront").list_distributions()["DistributionList"].get("Items", []) == []
    assert [role for role in client("iam").list_roles()["Roles"] if role["RoleName"].startswith(PREFIX)] == []
    assert [vpc for vpc in client("ec2").describe_vpcs()["Vpcs"] if not vpc["IsDefault"]] == []
    assert client("scheduler").list_schedules()["Schedules"] == []
    assert not (full.folder / "bootstrap.tfstate").exists()


def _policy(s3: Any, bucket: str) -> list[dict[str, Any]]:
    return json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]


def _document(found: Any) -> dict[str, Any]:
    return json.loads(unquote(found)) if isinstance(found, str) else found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]

"""moto's server: EC2, CloudWatch and STS that check signatures and permissions.

It ignores client tokens, throttles nobody, knows no capacity, and turns an instance on at once: what it cannot show is
shown on the sandbox.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from tests.servers.environments import environment, free_port, running

_EVERYTHING = ["ec2:*", "cloudwatch:*", "monitoring:*", "ssm:*", "sts:*"]
"""moto calls CloudWatch's actions by the service's signing name, `monitoring:`."""
_NOTHING_BUT_READING = ["ec2:Describe*"]
REGION = "eu-central-1"


@dataclass(frozen=True, slots=True)
class Key:
    """An access key."""

    access_key: str
    secret_key: str


@dataclass(frozen=True, slots=True)
class Moto:
    """A running server, with nothing rented.

    Attributes:
        url: every service's endpoint.
        operator: may do what a probe does.
        reader: may describe, and nothing else.
    """

    url: str
    operator: Key
    reader: Key

    @property
    def endpoints(self) -> dict[str, str]:
        """What a vendor entry says under `endpoints`."""
        return dict.fromkeys(("api", "monitoring", "identity"), self.url)

    def client(self, service: str) -> Any:
        """AWS's own client, as the operator."""
        return _client(self.url, service, self.operator)

    def instances(self, *states: str) -> list[dict[str, Any]]:
        """The instances that there are; only those in *states* if any are named."""
        found = self.client("ec2").describe_instances()["Reservations"]
        every = [instance for reservation in found for instance in reservation["Instances"]]
        return [instance for instance in every if not states or instance["State"]["Name"] in states]

    @property
    def image(self) -> str:
        """An image that there is."""
        image: str = self.client("ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        return image


@pytest.fixture(scope="session")
def moto_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that runs for the whole session."""
    with start_moto(tmp_path_factory) as url:
        yield url


@contextmanager
def start_moto(factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server for as long as the block lasts."""
    programs = environment("moto", "moto[server,ec2,cloudwatch]==5.*")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command: list[str | Path] = [programs / "moto_server", "-H", "127.0.0.1", "-p", str(port)]
    variables = {**os.environ, "MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION": "true", "MOTO_ENABLE_AMI_VALIDATION": "true"}
    with running(command, f"{url}/moto-api/", factory.mktemp("moto"), variables):
        yield url


@pytest.fixture
def moto(moto_url: str) -> Moto:
    """The session's server with nothing on it but two users, and with signatures and permissions checked."""
    return fresh_moto(moto_url)


def fresh_moto(url: str) -> Moto:
    """Wipe the server at *url*, make two users, and switch the checks on."""
    httpx.post(f"{url}/moto-api/reset-auth", content="inf").raise_for_status()
    httpx.post(f"{url}/moto-api/reset").raise_for_status()
    anybody = Key("AKIAIOSFODNN7EXAMPLE", "nobody-checks-this-one")
    iam = _client(url, "iam", anybody)
    operator = _user(iam, "operator", _EVERYTHING)
    reader = _user(iam, "reader", _NOTHING_BUT_READING)
    httpx.post(f"{url}/moto-api/reset-auth", content="0").raise_for_status()
    return Moto(url, operator, reader)


def _client(url: str, service: str, key: Key) -> Any:
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id=key.access_key,
        aws_secret_access_key=key.secret_key,
    )


def _user(iam: Any, name: str, actions: list[str]) -> Key:
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=policy)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return Key(made["AccessKeyId"], made["SecretAccessKey"])

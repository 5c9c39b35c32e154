"""A router of a model with two homes: its three releases run in the one that its door leads to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from tests.contract.releases.api_doors import FUNCTION, SERVICE, Doors
from tests.contract.releases.ecs_router import Opens, Patient, in_the_strict_world
from tests.contract.releases.ecs_world import EcsWorld
from tests.contract.releases.rest_doors import RestDoors
from tests.contract.releases.sagemaker_router import Patient as PatientOnSageMaker
from tests.contract.releases.sagemaker_router import on_moto as sagemaker_on_moto
from tests.contract.releases.sagemaker_router import on_sagemaker
from tests.contract.releases.stage_router import on_a_stage, open_a_door
from tests.contract.releases.stage_router import on_moto as stage_on_moto
from tests.contract.releases.stage_world import StageWorld

from ladle import names
from ladle.actions.behind_one_door import BehindOneDoor
from ladle.aws.api_door import ApiDoor
from ladle.aws.led_door import LedDoor
from ladle.aws.rest_door import RestDoor
from ladle.aws.session import AwsSession
from ladle.aws.traffic import RouterOfHome
from ladle.aws.traffic.ecs import EcsListenerRouter
from ladle.aws.traffic.endpoint_per_release import StageRouter
from ladle.aws.traffic.lambda_function import LambdaAliasRouter
from ladle.catalog import Target
from ladle.disk.clock import SystemClock
from ladle.policy.lock import Home
from ladle.ports import HomeRouter, LedTo
from ladle.releases.homes import Homes

LED, OTHER = Home(Target.LAMBDA), Home(Target.ECS, 99)


class OpenDoor:
    """It leads to the first home, and nobody leads it on."""

    def read(self, model: str) -> LedTo:
        return LedTo(LED.base, frozenset({LED.base, OTHER.base}), "first")

    def lead(self, model: str, base: int, expected_revision: str) -> None:
        raise AssertionError("no release of this suite is anywhere else")


def behind_a_stage(target: Target, model: str, releases: tuple[int, ...]) -> Opens:
    """Two homes on SageMaker by AWS's own rules, of which ``target`` has the releases, behind one stage."""
    world: Any = StageWorld()
    world.deployments = {"d1": names.home_integration(0), "d2": names.home_integration(OTHER.base)}
    if target is Target.SAGEMAKER:
        inner = on_sagemaker(model, releases, world)
    else:
        inner = on_a_stage(model, releases, world)
    return _on_sagemaker(world, inner, target, releases)


def behind_a_stage_on_moto(
    target: Target, session: AwsSession, model: str, releases: tuple[int, ...]
) -> Opens:
    """Both homes and the stage are moto's."""
    if target is Target.SAGEMAKER:
        open_a_door(session, model)
        inner = sagemaker_on_moto(session, model, releases)
    else:
        inner = stage_on_moto(session, model, releases)
    doors = RestDoors(session)
    doors.lead(model, doors.show(model, 0))
    doors.show(model, OTHER.base)
    return _on_sagemaker(session, inner, target, releases)


def _on_sagemaker(session: Any, inner: Opens, target: Target, releases: tuple[int, ...]) -> Opens:
    """With what ``inner`` has made; nothing was ever made in the other home."""
    patient, publish = inner
    assert isinstance(patient, PatientOnSageMaker)
    [other] = {Target.SAGEMAKER, Target.SAGEMAKER_SERVERLESS} - {target}
    here, there = Home(target), Home(other, OTHER.base)
    homes = Homes({**dict.fromkeys(releases, here), there.base + 1: there})
    made = RouterOfHome(lambda _model: session, SystemClock())
    router = BehindOneDoor(lambda _model: homes, made, LedDoor(lambda _model: session))
    return replace(patient, router=cast("StageRouter", router)), publish


def behind_a_door(model: str, releases: tuple[int, ...]) -> Opens:
    """Both homes by AWS's own rules; the other one is still without a service."""
    patient, publish = in_the_strict_world(model, releases)
    assert isinstance(patient, Patient)
    routers = {LED: patient.router, OTHER: _nothing_there(model)}
    router = BehindOneDoor(lambda _model: _homes(releases), routers.__getitem__, OpenDoor())
    return Patient(cast("EcsListenerRouter", router), patient.pass_time), publish


def on_moto(
    session: AwsSession, model: str, releases: tuple[int, ...], *, is_rest: bool
) -> BehindOneDoor:
    """A function and an API, both moto's."""
    routers: dict[Home, HomeRouter] = {
        LED: LambdaAliasRouter(lambda _model: session.lambda_),
        OTHER: _nothing_there(model),
    }
    door = _rest_api(session, model) if is_rest else _http_api(session, model)
    return BehindOneDoor(lambda _model: _homes(releases), routers.__getitem__, door)


def _http_api(session: AwsSession, model: str) -> ApiDoor:
    doors = Doors.on_moto(session)
    doors.open(model, FUNCTION, {LED.base: FUNCTION, OTHER.base: SERVICE})
    return ApiDoor(lambda _model: doors.session)


def _rest_api(session: AwsSession, model: str) -> RestDoor:
    doors = RestDoors.on_moto(session)
    doors.open(model, (LED.base, OTHER.base))
    return RestDoor(lambda _model: doors.session)


def _homes(releases: tuple[int, ...]) -> Homes:
    return Homes({**dict.fromkeys(releases, LED), OTHER.base + 1: OTHER})


def _nothing_there(model: str) -> EcsListenerRouter:
    world: Any = EcsWorld(model)
    return EcsListenerRouter(lambda _model: world)

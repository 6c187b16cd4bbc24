"""Neutral answers to wire payloads of OCPP 1.6, by the letter (times are seconds and Z)."""

from __future__ import annotations

from typing import Any

from chargers.ocpp.messages import (
    AuthorizeAnswer,
    BootAnswer,
    DataTransferAnswer,
    Empty,
    HeartbeatAnswer,
    SignCertificateAnswer,
    StartAnswer,
    StopAnswer,
)
from chargers.store.work import IdTagInfo
from unievp.lib.clock import isoformat_z

Payload = dict[str, Any]

_MAX_ID_TAG = 20


def boot(answer: BootAnswer) -> Payload:
    return {
        "status": answer.registration,
        "currentTime": isoformat_z(answer.at),
        "interval": answer.interval_s,
    }


def heartbeat(answer: HeartbeatAnswer) -> Payload:
    return {"currentTime": isoformat_z(answer.at)}


def authorize(answer: AuthorizeAnswer) -> Payload:
    return {"idTagInfo": _id_tag_info(answer.id_tag_info)}


def start_transaction(answer: StartAnswer) -> Payload:
    return {
        "transactionId": answer.transaction_id,
        "idTagInfo": _id_tag_info(answer.id_tag_info),
    }


def stop_transaction(answer: StopAnswer) -> Payload:
    if answer.id_tag_info is None:
        return {}
    return {"idTagInfo": _id_tag_info(answer.id_tag_info)}


def data_transfer(answer: DataTransferAnswer) -> Payload:
    payload: Payload = {"status": answer.status}
    if answer.data is not None:
        payload["data"] = answer.data
    return payload


def sign_certificate(answer: SignCertificateAnswer) -> Payload:
    return {"status": answer.status}


def empty(_answer: Empty) -> Payload:
    return {}


def _id_tag_info(info: IdTagInfo) -> Payload:
    payload: Payload = {"status": info.status}
    if info.expires_at is not None:
        payload["expiryDate"] = isoformat_z(info.expires_at)
    if info.group:
        payload["parentIdTag"] = info.group[:_MAX_ID_TAG]
    return payload

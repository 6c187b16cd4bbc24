import json
import time

import pytest

from chargers.ocpp.redaction import (
    _NAMES,
    MAX_STORED,
    REDACTED,
    redact,
    redact_json,
    redact_payload,
)


@pytest.mark.parametrize(
    "text",
    [
        '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"s3cr3t"}]',
        '[2,"1","ChangeConfiguration",{"value":"s3cr3t", "key" : "authorizationkey"}]',
        '[3,"1",{"configurationKey":[{"key":"A","readonly":true,"value":"1"},'
        '{"key":"AuthorizationKey","readonly":false,"value":"s3cr3t"}]}]',
        '[3,"1",{"configurationKey":[{"key":"WiFiPassword","readonly":false,"value":"s3\\"cr3t"}]}]',
        '[2,"1","DataTransfer",{"vendorId":"v","password":"s3cr3t"}]',
        '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"s3cr3t',
    ],
)
def test_secrets_are_replaced(text):
    stored = redact(text)
    assert "cr3t" not in stored
    assert REDACTED in stored


def test_the_rest_is_kept_word_for_word():
    text = '[3,"1",{"configurationKey":[{"key":"HeartbeatInterval","value":"300"}]}]'
    assert redact(text) == text
    stored = redact('[2,"1","X",{"key":"AuthorizationKey","value":"s","b":"kept"}]')
    assert json.loads(stored) == [
        2,
        "1",
        "X",
        {"key": "AuthorizationKey", "value": REDACTED, "b": "kept"},
    ]


def test_a_long_frame_is_cut():
    assert len(redact("x" * 1_000_000)) == MAX_STORED + 1


def test_nul_never_reaches_the_database():
    assert redact("a\x00b") == "a\ufffdb"


@pytest.mark.parametrize(
    "part", ['"key":"password"', '"password":', '"', '"value":"x"', "password"]
)
def test_garbage_takes_no_time(part):
    started = time.monotonic()
    redact(part * 20_000 + "password")
    assert time.monotonic() - started < 1


def test_a_commands_payload_is_shown_without_its_secret():
    payload = {"key": "AuthorizationKey", "value": "s"}
    assert redact_payload(payload)["value"] == REDACTED
    assert payload["value"] == "s"
    assert redact_payload({"type": "Soft"}) == {"type": "Soft"}


SECRET = "s3cr3t"
# Every action that can carry one, as it goes over the wire.
CARRIERS = {
    "ChangeConfiguration": '[2,"1","ChangeConfiguration",'
    '{"key":"AuthorizationKey","value":"s3cr3t"}]',
    "ChangeConfiguration of a vendor": '[2,"1","ChangeConfiguration",'
    '{"key":"Net.WifiPassphrase","value":"s3cr3t"}]',
    "GetConfiguration": '[3,"1",{"configurationKey":[{"key":"A","readonly":false,"value":"1"},'
    '{"key":"AuthorizationKey","readonly":false,"value":"s3cr3t"},{"key":"B","value":"2"}]}]',
    "GetConfiguration with a URL": '[3,"1",{"configurationKey":['
    '{"key":"OcppUrl","readonly":false,'
    '"value":"wss://CP1:s3cr3t@host/ocpp"}]}]',
    "DataTransfer": '[2,"1","DataTransfer",{"vendorId":"v",'
    '"data":"{\\"password\\":\\"s3cr3t\\"}"}]',
    "DataTransfer with a pair": '[2,"1","DataTransfer",{"vendorId":"v",'
    '"data":"[{\\"key\\":\\"AuthorizationKey\\",\\"value\\":\\"s3cr3t\\"}]"}]',
    "DataTransfer with a number": '[2,"1","DataTransfer",{"vendorId":"v",'
    '"pin_password":53,"x":"y"}]',
    "UpdateFirmware": '[2,"1","UpdateFirmware",{"location":"ftp://user:s3cr3t@host/fw.bin"}]',
    "GetDiagnostics": '[2,"1","GetDiagnostics",{"location":"ftps://us%40er:p@s3cr3t@host:21/up"}]',
    "GetLog": '[2,"1","GetLog",{"log":{"remoteLocation":"https:\\/\\/u:s3cr3t@host\\/up"}}]',
    "SignedUpdateFirmware": '[2,"1","SignedUpdateFirmware",{"firmware":{"location":'
    '"https://host/fw?X-Amz-Credential=a&X-Amz-Signature=s3cr3t&part=2"}}]',
    "UpdateFirmware with a token": '[2,"1","UpdateFirmware",'
    '{"location":"https://host/f?token=s3cr3t"}]',
    "CertificateSigned": '[2,"1","CertificateSigned",{"cert":"-----BEGIN EC PRIVATE KEY-----\\n'
    's3cr3t\\n-----END EC PRIVATE KEY-----"}]',
    "cut off": '[2,"1","InstallCertificate",{"c":"-----BEGIN PRIVATE KEY-----\\ns3cr3t',
}


@pytest.mark.parametrize("action", CARRIERS)
def test_no_action_carries_a_secret_into_the_log(action):
    stored = redact(CARRIERS[action])
    assert SECRET not in stored
    assert "53" not in stored
    assert REDACTED in stored
    if action != "cut off":
        assert isinstance(json.loads(stored), list)


def test_a_certificate_and_a_plain_url_are_no_secrets():
    certificate = "-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----"
    for text in (
        f'[2,"1","CertificateSigned",{{"certificateChain":"{certificate}"}}]',
        '[2,"1","UpdateFirmware",{"location":"https://host/fw.bin?part=2#a@b"}]',
        '[2,"1","DataTransfer",{"vendorId":"v","data":"mail me@host at http://host/x"}]',
    ):
        assert redact(text) == text


def test_an_answer_that_is_kept_as_json_has_no_secret():
    answer = json.loads(CARRIERS["GetConfiguration"])[2]
    stored = redact_json(answer)
    assert stored["configurationKey"][1]["value"] == REDACTED
    assert stored["configurationKey"][2] == {"key": "B", "value": "2"}
    large = {"configurationKey": [{"key": "WifiPassword", "value": SECRET}] * 5_000}
    assert SECRET not in json.dumps(redact_json(large))
    payload = {"log": {"remoteLocation": f"ftp://u:{SECRET}@host/up"}, "retries": 3, "secret": None}
    assert redact_json(payload) == {
        "log": {"remoteLocation": f"ftp://{REDACTED}@host/up"},
        "retries": 3,
        "secret": None,
    }


@pytest.mark.parametrize("name", _NAMES)
def test_every_telling_name_is_looked_for(name):
    assert SECRET not in redact(f'[2,"1","DataTransfer",{{"Vendor.{name.upper()}":"{SECRET}"}}]')

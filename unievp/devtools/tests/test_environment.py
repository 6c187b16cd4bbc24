import os


def test_env():
    assert "TEST_DATABASE_NAME" in os.environ

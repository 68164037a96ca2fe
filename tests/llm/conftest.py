"""A server for each test that asks for one."""

from collections.abc import Iterator

import pytest
from tiny_server import Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as found:
        yield found

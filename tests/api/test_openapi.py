"""The OpenAPI document and the routes are of one mind."""

import re

from procession.api.catalogue import list_operations
from procession.api.openapi import describe


async def test_document_and_routes(serve):
    """Every operation that is routed is described, and no other."""
    async with serve() as server:
        document = (await server.ask("GET", "/v1/openapi.json")).json
        described = {(method, path) for path, item in document["paths"].items() for method in item}

        assert document["openapi"] == "3.1.0"
        assert {(each.method.lower(), each.path) for each in list_operations()} == described
        for method, path in described:
            reply = await server.ask(method.upper(), path.replace("{id}", "nobody"), b"[]")
            assert reply.json.get("code") not in ("unknown_path", "method_not_allowed")


def test_references():
    """Every reference leads to a schema, and every schema is led to."""
    document = describe(list_operations())
    names = set(document["components"]["schemas"])
    used = set(re.findall(r"#/components/schemas/([\w.]+)", repr(document)))

    assert used <= names
    assert {name for name in names - used if not name.endswith("Query")} == set()


def test_operations_are_complete():
    """Each operation has its own name, a sentence, its parameters, an answer and problems."""
    document = describe(list_operations())
    operations = [each for item in document["paths"].values() for each in item.values()]

    assert len({each["operationId"] for each in operations}) == len(operations)
    for path, item in document["paths"].items():
        for method, each in item.items():
            in_path = {parameter["name"] for parameter in each["parameters"] if parameter["in"] == "path"}
            assert each["summary"]
            assert in_path == set(re.findall(r"\{(\w+)\}", path))
            assert {"422", "500"} < each["responses"].keys()
            assert ("409" in each["responses"]) == (method != "get")
            assert all(reply["content"] and reply["description"] for reply in each["responses"].values())

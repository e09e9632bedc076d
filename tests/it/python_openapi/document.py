"""The document of a server, and requests whose answers are held against it."""

import json
import re
import sys
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

url = sys.argv[1]
with urlopen(f"{url}/openapi.json") as response:
    document = json.load(response)
OpenAPIV31SpecValidator(document).validate()

operations = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, item in document["paths"].items()
    for method, operation in item.items()
}
assert len(operations) == sum(len(item) for item in document["paths"].values()), "an operationId is there twice"


def closed(schema):
    """The same with nothing allowed that is not said: what the document does not tell of must not be answered."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {name: closed(part) for name, part in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        schema["additionalProperties"] = False
    return schema


components = {"schemas": closed(document["components"]["schemas"])}
succeeded, seen = set(), set()


def validator(schema):
    whole = {"components": components, **closed(schema)}
    return Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)


def note(schema, value):
    """Notes which properties of which schemas were answered."""
    name = schema.get("$ref", "").removeprefix("#/components/schemas/")
    schema = components["schemas"][name] if name else schema
    if isinstance(value, list):
        for element in value:
            note(schema.get("items", {}), element)
    elif isinstance(value, dict):
        for key, part in value.items():
            if name:
                seen.add((name, key))
            note(schema.get("properties", {}).get(key, {}), part)


def send(method, path, body=None, headers=()):
    data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
    headers = {"x-axonpush-api-key": "ak_test", "content-type": "application/json", **dict(headers)}
    try:
        return urlopen(Request(url + path, data, {k: v for k, v in headers.items() if v}, method=method), timeout=20)
    except HTTPError as refused:
        return refused


def filled(operation, names):
    path = operations[operation][1]
    for name in re.findall(r"{(\w+)}", path):
        path = path.replace(f"{{{name}}}", quote(names[name], safe=""))
    return path


def check(operation, response):
    """Holds an answer against the document and returns it."""
    status, said = str(response.status), operations[operation][2]["responses"]
    assert status in said, (operation, status, response.read())
    described = said[status]
    if "$ref" in described:
        described = document["components"]["responses"][described["$ref"].rsplit("/", 1)[1]]
    media = response.headers.get_content_type()
    assert media in described["content"], (operation, status, media)
    schema = described["content"][media].get("schema")
    if response.status < 300:
        succeeded.add(operation)
    if not media.endswith("json"):
        return response
    answer = json.load(response)
    errors = [f"{error.json_path}: {error.message}" for error in validator(schema).iter_errors(answer)]
    assert not errors, (operation, status, errors)
    note(schema, answer)
    return answer


def ask(operation, body=None, query="", headers=(), **names):
    """What an operation answers to a request that it must grant."""
    method = operations[operation][0]
    response = send(method, filled(operation, names) + query, body, headers)
    assert response.status < 300, (operation, response.status, response.read())
    return check(operation, response)

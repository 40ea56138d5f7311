"""What the reference client of the Open Inference Protocol sees, over HTTP and over gRPC."""

import json
import os
from collections.abc import Mapping

import numpy
import tritonclient.grpc as over_grpc
import tritonclient.http as over_http

MODEL = "delays"
DISTANCE = [900.0, 250.0, float("nan")]
HOUR = [12, 6, 23]
CARRIER = ["B6", "AA", "ZZ"]
ORIGIN = ["JFK", "LGA", ""]


class Authorized(Mapping):
    """Keyword arguments with headers made anew: the HTTP client writes into those that it is given."""

    def __getitem__(self, name):
        token = os.environ["TOKEN"]
        return {"authorization": f"Bearer {token}"} if token else {}

    def __iter__(self):
        return iter(["headers"])

    def __len__(self):
        return 1


def inputs(library, **options):
    given = []
    for name, datatype, values in (
        ("distance", "FP64", numpy.array(DISTANCE)),
        ("hour", "INT64", numpy.array(HOUR, dtype=numpy.int64)),
        ("carrier", "BYTES", numpy.array(CARRIER, dtype=object)),
        ("origin", "BYTES", numpy.array(ORIGIN, dtype=object)),
    ):
        tensor = library.InferInput(name, [3], datatype)
        tensor.set_data_from_numpy(values, **options)
        given.append(tensor)
    return given


def matrix(library):
    numbers = library.InferInput("numbers", [3, 2], "FP64")
    numbers.set_data_from_numpy(numpy.column_stack([DISTANCE, HOUR]))
    texts = library.InferInput("texts", [3, 2], "BYTES")
    texts.set_data_from_numpy(numpy.array([CARRIER, ORIGIN], dtype=object).T.copy())
    return [numbers, texts]


def told(result):
    labels = [value.decode() if isinstance(value, bytes) else value for value in result.as_numpy("label")]
    return {
        "probabilities": result.as_numpy("probabilities").astype(float).tolist(),
        "label": labels,
        "decision": result.as_numpy("decision").tolist(),
    }


def failure(library, work):
    try:
        work()
    except library.InferenceServerException as error:
        return {"status": str(error.status()), "message": error.message()}
    return None


def common(client, library, headers):
    facts = {
        "live": client.is_server_live(**headers),
        "ready": client.is_server_ready(**headers),
        "modelReady": client.is_model_ready(MODEL, **headers),
        "versionReady": client.is_model_ready(MODEL, "1", **headers),
        "raw": told(client.infer(MODEL, inputs(library), request_id="raw", **headers)),
        "matrix": told(client.infer(MODEL, matrix(library), **headers)),
        "id": answer_id(client.infer(MODEL, inputs(library), request_id="echo", **headers)),
        "unknownModel": failure(library, lambda: client.infer("none", inputs(library), **headers)),
        "unknownInput": failure(
            library, lambda: client.infer(MODEL, inputs(library) + [numbers(library)], **headers)
        ),
        "unload": failure(library, lambda: client.unload_model(MODEL, **headers)),
        "loadOther": failure(library, lambda: client.load_model("none", **headers)),
    }
    client.load_model(MODEL, **headers)
    only = client.infer(MODEL, inputs(library), outputs=[library.InferRequestedOutput("label")], **headers)
    facts["onlyLabel"] = [only.as_numpy("decision") is None, told_labels(only)]
    return facts


def numbers(library):
    tensor = library.InferInput("distanc", [3], "FP64")
    tensor.set_data_from_numpy(numpy.array(DISTANCE))
    return tensor


def told_labels(result):
    return [value.decode() for value in result.as_numpy("label")]


def answer_id(result):
    response = result.get_response()
    return response["id"] if isinstance(response, dict) else response.id


def http_facts():
    client = over_http.InferenceServerClient(os.environ["HTTP_ADDRESS"])
    headers = Authorized()
    facts = common(client, over_http, headers)
    facts["metadata"] = client.get_model_metadata(MODEL, **headers)
    facts["server"] = client.get_server_metadata(**headers)
    facts["index"] = client.get_model_repository_index(**headers)
    as_json = over_http.InferRequestedOutput("label", binary_data=False)
    result = client.infer(MODEL, finite(over_http, binary_data=False), outputs=[as_json], **headers)
    facts["json"] = result.as_numpy("label").tolist()
    squeezed = client.infer(
        MODEL,
        inputs(over_http),
        request_compression_algorithm="gzip",
        response_compression_algorithm="gzip",
        **headers,
    )
    facts["compressed"] = told(squeezed)
    client.close()
    return facts


def finite(library, **options):
    given = inputs(library, **options)
    tensor = library.InferInput("distance", [3], "FP64")
    tensor.set_data_from_numpy(numpy.array([900.0, 250.0, 100.0]), **options)
    given[0] = tensor
    return given


def grpc_facts():
    client = over_grpc.InferenceServerClient(os.environ["GRPC_ADDRESS"])
    headers = Authorized()
    facts = common(client, over_grpc, headers)
    facts["metadata"] = client.get_model_metadata(MODEL, as_json=True, **headers)
    facts["server"] = client.get_server_metadata(as_json=True, **headers)
    facts["index"] = client.get_model_repository_index(as_json=True, **headers)["models"]
    client.close()
    return facts


print(json.dumps({"http": http_facts(), "grpc": grpc_facts()}))

"""A model that came as ONNX: its tables, and a graph that serving can feed."""

from .graph import Graph, kind_of, shape_of
from .refusal import Refusal, first_line
from .table import sample_rows


def adopt_onnx(path, request):
    """The answer for a model file in ONNX; writes `adopted.onnx` when the graph was changed."""
    import onnx

    try:
        model = onnx.load_model(path, load_external_data=False)
    except MemoryError:
        raise
    except Exception as error:
        raise Refusal("MODEL_FILE_INVALID", f"the ONNX file cannot be read: {first_line(error)}",
                      "Export the model again.") from error
    graph = Graph(model)
    _take_in(graph, request.get("siblings") or [])
    columns = _columns(graph, request)
    output = graph.fit_output(request.get("problemType"))
    numeric, categorical = graph.fit_inputs(columns)
    if graph.changed:
        onnx.save_model(model, "adopted.onnx")
    rows = sample_rows(columns, request)
    return {"model": "adopted.onnx" if graph.changed else None, "columns": columns,
            "tensors": {"numeric": numeric, "categorical": categorical,
                        "output": output["output"]},
            "problemType": output["problemType"], "classes": output["classes"],
            "estimator": f"onnx ({model.producer_name or 'unknown producer'})",
            "rows": rows, "answers": None, "notes": graph.notes}


def _take_in(graph, siblings):
    """Weights kept in files beside the model move into it: what is served is one file."""
    from onnx.external_data_helper import load_external_data_for_model

    places = {entry.value for tensor in _tensors(graph.graph) for entry in tensor.external_data
              if entry.key == "location"}
    if not places:
        return
    for place in places:
        if place not in siblings:
            raise Refusal("MODEL_FILE_INVALID", f"the ONNX file keeps weights in {place!r}, which "
                          "is no file beside it", "Log the model with mlflow.onnx.log_model, or "
                          "with save_as_external_data=False.")
    try:
        load_external_data_for_model(graph.model, ".")
    except MemoryError:
        raise
    except Exception as error:
        raise Refusal("MODEL_FILE_INVALID", "the weights beside the ONNX file cannot be read: "
                      f"{first_line(error)}", "Log the model again.") from error
    graph.changed = True
    graph.notes.append("the weights beside the file were taken into it")


def _tensors(graph):
    """All tensors of a graph and of those within it."""
    pending = [graph]
    while pending:
        part = pending.pop()
        yield from part.initializer
        for weight in part.sparse_initializer:
            yield weight.values
            yield weight.indices
        for node in part.node:
            for attribute in node.attribute:
                yield attribute.t
                yield from attribute.tensors
                if attribute.HasField("g"):
                    pending.append(attribute.g)
                pending.extend(attribute.graphs)


def _columns(graph, request):
    """By the signature; where it tells no columns, by the graph."""
    given = request.get("columns")
    if given is not None:
        return given
    if len(graph.inputs) == 1:
        value = graph.inputs[0]
        shape = shape_of(value)
        width = shape[1] if len(shape) == 2 else None
        if width is None:
            raise Refusal("MODEL_SIGNATURE_MISSING", f"the tensor {value.name!r} does not say how "
                          "many columns it has", "Log the model with a signature.")
        return [{"name": f"x{place}", "kind": kind_of(value), "whole": False}
                for place in range(width)]
    return [{"name": value.name, "kind": kind_of(value), "whole": False}
            for value in graph.inputs]

"""Fitted pipeline to ONNX: one graph with the preparation inside, float32 and string tensors in."""

from skl2onnx import to_onnx, update_registered_converter
from skl2onnx.algebra.onnx_ops import OnnxIsNaN, OnnxMax, OnnxMin, OnnxWhere
from skl2onnx.common.data_types import FloatTensorType, StringTensorType

from .estimators import CLASSIFICATION, CLUSTERING
from .preparation import QuantileClip
from .protocol import WorkerError

TARGET_OPSET = {"": 18, "ai.onnx.ml": 3}
IR_VERSION = 9


def convert(model, request):
    """(onnx model, names of its tensors)."""
    _register(model)
    numbers, texts = (len(request["columns"][kind]) for kind in ("numeric", "categorical"))
    inputs = []
    if numbers:
        inputs.append(("numeric", FloatTensorType([None, numbers])))
    if texts:
        inputs.append(("categorical", StringTensorType([None, texts])))
    classifies = request["problemType"] in CLASSIFICATION
    try:
        onnx = to_onnx(model, initial_types=inputs, target_opset=TARGET_OPSET, name="esteira",
                       options={"zipmap": False} if classifies else None)
    except Exception as error:
        text = str(error).strip().splitlines()
        raise WorkerError("CONVERSION_FAILED",
                          f"cannot be converted to ONNX: {text[0] if text else error!r}",
                          "Use an estimator that skl2onnx supports.") from error
    onnx.ir_version = IR_VERSION
    output = keep_one_output(onnx, request["problemType"])
    return onnx, {"numeric": "numeric" if numbers else None,
                  "categorical": "categorical" if texts else None, "output": output}


def keep_one_output(onnx, problem):
    outputs = [output.name for output in onnx.graph.output]
    wanted = "label" if problem == CLUSTERING else "probabilities"
    kept = wanted if wanted in outputs else outputs[0]
    for output in [output for output in onnx.graph.output if output.name != kept]:
        onnx.graph.output.remove(output)
    _prune(onnx.graph, kept)
    return kept


def _prune(graph, output):
    """Leaves only what the output needs; nodes stand in topological order."""
    needed, kept = {output}, []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.append(node)
    kept.reverse()
    weights = [weight for weight in graph.initializer if weight.name in needed]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(kept)
    graph.initializer.extend(weights)


def _register(model):
    update_registered_converter(QuantileClip, "EsteiraQuantileClip", _clip_shape, _clip_convert)
    if any("xgboost" in type(part).__module__ for part in _parts(model)):
        register_xgboost()


def _parts(model):
    members = getattr(model, "estimators_", None)
    for pipeline in members if members is not None else [model]:
        yield pipeline[-1] if hasattr(pipeline, "named_steps") else pipeline


def register_xgboost():
    from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost
    from skl2onnx.common.shape_calculator import (calculate_linear_classifier_output_shapes,
                                                  calculate_linear_regressor_output_shapes)
    from xgboost import XGBClassifier, XGBRegressor

    update_registered_converter(
        XGBClassifier, "XGBoostXGBClassifier", calculate_linear_classifier_output_shapes,
        convert_xgboost, options={"nocl": [True, False], "zipmap": [True, False, "columns"]})
    update_registered_converter(
        XGBRegressor, "XGBoostXGBRegressor", calculate_linear_regressor_output_shapes,
        convert_xgboost)


def _clip_shape(operator):
    operator.outputs[0].type = FloatTensorType([None, operator.inputs[0].type.shape[1]])


def _clip_convert(scope, operator, container):
    """NaN passes: whether Min and Max keep it is up to the runtime, so it is put back."""
    version, clip, x = container.target_opset, operator.raw_operator, operator.inputs[0]
    low, high = clip.low_.reshape(1, -1), clip.high_.reshape(1, -1)
    clipped = OnnxMin(OnnxMax(x, low, op_version=version), high, op_version=version)
    node = OnnxWhere(OnnxIsNaN(x, op_version=version), x, clipped, op_version=version,
                     output_names=operator.outputs[:1])
    node.add_to(scope, container)

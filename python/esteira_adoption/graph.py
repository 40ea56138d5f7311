"""Fits an ONNX graph to what serving asks: one float tensor, one text tensor, one answer."""

import onnx
from onnx import TensorProto, helper

from .refusal import Refusal

NUMBERS = {TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.INT64,
           TensorProto.INT32, TensorProto.INT16, TensorProto.INT8, TensorProto.UINT8,
           TensorProto.UINT16, TensorProto.UINT32, TensorProto.UINT64, TensorProto.BOOL}
REALS = {TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16}
BINARY, MULTICLASS = "binary-classification", "multiclass-classification"
REGRESSION, CLUSTERING = "regression", "clustering"
OWN = "esteira_"
LABELS = ("classlabels_int64s", "classlabels_strings", "classlabels_ints")


class Graph:
    """One model's graph; `changed` says whether its bytes are still those of the client."""

    def __init__(self, model):
        self.model = model
        self.graph = model.graph
        self.changed = False
        self.notes = []
        weights = {weight.name for weight in self.graph.initializer}
        self.inputs = [value for value in self.graph.input if value.name not in weights]

    def fit_inputs(self, columns):
        """(name of the float tensor, name of the text tensor), None where there is none."""
        numbers = [place for place, column in enumerate(columns) if column["kind"] == "number"]
        texts = [place for place, column in enumerate(columns) if column["kind"] == "text"]
        as_is = self._as_they_are(columns)
        if as_is is not None:
            return as_is
        self.changed = True
        if len(self.inputs) == 1:
            self._feed_matrix(self.inputs[0], columns)
        elif len(self.inputs) == len(columns):
            self._feed_columns(columns)
        else:
            raise Refusal("MODEL_LAYOUT_UNSUPPORTED",
                          f"the graph takes {len(self.inputs)} tensors and the signature has "
                          f"{len(columns)} columns", "Export the model with one tensor of rows × "
                          "columns, or with one tensor a column, named like it.")
        return OWN + "numeric" if numbers else None, OWN + "categorical" if texts else None

    def _as_they_are(self, columns):
        kinds = [column["kind"] for column in columns]
        names = {"number": None, "text": None}
        if any(len(shape_of(value)) != 2 for value in self.inputs):
            return None
        for value in self.inputs:
            kind = {TensorProto.FLOAT: "number", TensorProto.STRING: "text"}.get(type_of(value))
            if kind is None or names[kind] is not None:
                return None
            width = shape_of(value)[1]
            if width not in (None, kinds.count(kind)):
                return None
            names[kind] = value.name
        if any(kinds.count(kind) > 0 and names[kind] is None for kind in names):
            return None
        if any(kinds.count(kind) == 0 and names[kind] is not None for kind in names):
            return None
        return names["number"], names["text"]

    def _feed_matrix(self, value, columns):
        kind = kind_of(value)
        shape = shape_of(value)
        if len(shape) != 2 or any(column["kind"] != kind for column in columns):
            raise _unsupported_input(value)
        if shape[1] not in (None, len(columns)):
            raise Refusal("MODEL_SIGNATURE_MISMATCH", f"the tensor {value.name!r} has {shape[1]} "
                          f"columns, the signature {len(columns)}",
                          "Log the model again with the signature of its data.")
        source = OWN + ("numeric" if kind == "number" else "categorical")
        self._replace_inputs(columns)
        self._prepend([self._cast(source, value.name, value)])

    def _feed_columns(self, columns):
        by_name = {value.name: value for value in self.inputs}
        safe = {_plain(name): value for name, value in by_name.items()}
        counts = {"number": 0, "text": 0}
        nodes = []
        for order, column in enumerate(columns):
            value = by_name.get(column["name"]) or safe.get(_plain(column["name"]))
            if value is None or kind_of(value) != column["kind"]:
                raise Refusal("MODEL_LAYOUT_UNSUPPORTED", "no tensor of the graph fits the column "
                              f"{column['name']!r}; it has {', '.join(by_name)}",
                              "Name the tensors like the columns of the signature.")
            nodes += self._slice(value, column["kind"], counts[column["kind"]], order)
            counts[column["kind"]] += 1
        self._replace_inputs(columns)
        self._prepend(nodes)

    def _slice(self, value, kind, place, order):
        source = OWN + ("numeric" if kind == "number" else "categorical")
        name = f"{OWN}column_{order}"
        index = helper.make_tensor(f"{name}_index", TensorProto.INT64, [1], [place])
        self.graph.initializer.append(index)
        rank = len(shape_of(value))
        if rank not in (1, 2) or rank == 2 and shape_of(value)[1] not in (None, 1):
            raise _unsupported_input(value)
        nodes = [helper.make_node("Gather", [source, index.name], [name], axis=1)]
        if rank == 1:
            shape = helper.make_tensor(f"{name}_shape", TensorProto.INT64, [1], [-1])
            self.graph.initializer.append(shape)
            nodes.append(helper.make_node("Reshape", [name, shape.name], [f"{name}_flat"]))
            name = f"{name}_flat"
        return [*nodes, self._cast(name, value.name, value)]

    def _cast(self, source, target, value):
        kind = type_of(value)
        if kind in (TensorProto.FLOAT, TensorProto.STRING):
            return helper.make_node("Identity", [source], [target])
        if kind not in REALS:
            self.notes.append(f"{value.name}: numbers are cut to whole ones; a missing one has none")
        return helper.make_node("Cast", [source], [target], to=kind)

    def _replace_inputs(self, columns):
        for value in self.inputs:
            self.graph.input.remove(value)
        for name, kind, element in (("numeric", "number", TensorProto.FLOAT),
                                    ("categorical", "text", TensorProto.STRING)):
            width = sum(column["kind"] == kind for column in columns)
            if width:
                value = helper.make_tensor_value_info(OWN + name, element, ["N", width])
                self.graph.input.append(value)

    def _prepend(self, nodes):
        kept = list(self.graph.node)
        del self.graph.node[:]
        self.graph.node.extend([*nodes, *kept])

    def fit_output(self, wanted):
        """{output, problemType, classes}: the answer, by what the graph gives and what is wanted."""
        classes = self._labels()
        probabilities = self._probabilities(classes, wanted)
        if probabilities is not None and wanted in (None, BINARY, MULTICLASS):
            name, width = probabilities
            classes = classes or [str(number) for number in range(width)]
            if wanted == BINARY and len(classes) != 2 or wanted == MULTICLASS and len(classes) < 2:
                raise _wrong_type(wanted, f"{len(classes)} classes")
            problem = wanted or (BINARY if len(classes) == 2 else MULTICLASS)
            return {"output": name, "problemType": problem, "classes": classes}
        single = self._single(REALS)
        if single is not None and wanted in (None, REGRESSION):
            return {"output": single, "problemType": REGRESSION, "classes": []}
        if single is not None and wanted == BINARY:
            return {"output": self._both_sides(single), "problemType": BINARY,
                    "classes": ["0", "1"]}
        label = self._single(NUMBERS - REALS)
        if label is not None and wanted == CLUSTERING:
            return {"output": label, "problemType": CLUSTERING, "classes": []}
        got = ", ".join(describe(value) for value in self.graph.output)
        raise Refusal("MODEL_OUTPUT_UNSUPPORTED",
                      f"the outputs {got} do not fit {wanted or 'any kind of problem'}",
                      "A classifier must give probabilities [rows, classes], a regression one number "
                      "a row; a clustering gives cluster numbers and needs --problem-type clustering.")

    def _labels(self):
        for node in self.graph.node:
            for attribute in node.attribute:
                if attribute.name in LABELS and (attribute.ints or attribute.strings):
                    return [str(label) for label in attribute.ints] or \
                        [label.decode() for label in attribute.strings]
        return []

    def _probabilities(self, classes, wanted):
        """(tensor, width). A map by class comes from ZipMap; what goes into it is the tensor."""
        maps = {node.output[0]: node.input[0] for node in self.graph.node
                if node.op_type == "ZipMap"}
        for value in self.graph.output:
            if value.name in maps and classes:
                return self._instead_of(value, maps[value.name], len(classes)), len(classes)
        for value in self.graph.output:
            shape = shape_of(value)
            if type_of(value) not in REALS or len(shape) != 2:
                continue
            width = shape[1] or len(classes)
            if width >= 2 and (wanted in (None, BINARY, MULTICLASS)):
                return value.name, width
        return None

    def _instead_of(self, value, name, width):
        self.changed = True
        self.notes.append("the map by class (ZipMap) was taken off")
        for node in [node for node in self.graph.node if value.name in node.output]:
            self.graph.node.remove(node)
        self.graph.output.remove(value)
        self.graph.output.append(
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", width]))
        return name

    def _single(self, kinds):
        for value in self.graph.output:
            shape = shape_of(value)
            if type_of(value) in kinds and (len(shape) == 1 or len(shape) == 2
                                            and shape[1] in (None, 1)):
                return value.name
        return None

    def _both_sides(self, name):
        """The probability of one class becomes that of both."""
        self.changed = True
        one, shape = OWN + "one", OWN + "pair_shape"
        self.graph.initializer.extend([
            helper.make_tensor(one, TensorProto.FLOAT, [], [1.0]),
            helper.make_tensor(shape, TensorProto.INT64, [2], [-1, 1])])
        self.graph.node.extend([
            helper.make_node("Cast", [name], [OWN + "raw"], to=TensorProto.FLOAT),
            helper.make_node("Reshape", [OWN + "raw", shape], [OWN + "yes"]),
            helper.make_node("Sub", [one, OWN + "yes"], [OWN + "no"]),
            helper.make_node("Concat", [OWN + "no", OWN + "yes"], [OWN + "pair"], axis=1)])
        self.graph.output.append(
            helper.make_tensor_value_info(OWN + "pair", TensorProto.FLOAT, ["N", 2]))
        return OWN + "pair"


def type_of(value):
    return value.type.tensor_type.elem_type if value.type.HasField("tensor_type") else None


def kind_of(value):
    kind = type_of(value)
    if kind in NUMBERS:
        return "number"
    return "text" if kind == TensorProto.STRING else None


def shape_of(value):
    """Sizes by dimension, None where any will do; one that is named is any."""
    if type_of(value) is None:
        return []
    return [dimension.dim_value if dimension.HasField("dim_value") and dimension.dim_value > 0
            else None for dimension in value.type.tensor_type.shape.dim]


def describe(value):
    kind = type_of(value)
    if kind is None:
        return f"{value.name} (no tensor)"
    shape = ", ".join("?" if size is None else str(size) for size in shape_of(value))
    return f"{value.name} ({onnx.TensorProto.DataType.Name(kind).lower()} [{shape}])"


def _plain(name):
    return "".join(letter if letter.isalnum() else "_" for letter in name)


def _unsupported_input(value):
    return Refusal("MODEL_LAYOUT_UNSUPPORTED", f"the input {describe(value)} is no table",
                   "Only models over rows and columns of numbers or texts are served.")


def _wrong_type(wanted, got):
    return Refusal("MODEL_OUTPUT_UNSUPPORTED", f"the model has {got}, which is no {wanted}",
                   "Leave --problem-type out, or give the one that fits.")

"""Makes models that clients logged deployable: reads them in a sandbox, hands back ONNX."""

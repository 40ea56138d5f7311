"""Why a model cannot be adopted: a code, what happened, and a way out; crosses to the host as it is."""


class Refusal(Exception):
    def __init__(self, code, message, hint=""):
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


def first_line(error):
    lines = str(error).strip().splitlines()
    text = lines[0] if lines else type(error).__name__
    return text if len(text) <= 300 else text[:300] + "…"

"""The one error a person may cause by asking for what the rules forbid."""


class RefusedError(Exception):
    """The rules forbid it: `code` for programs, `sentence` for the person, what to do included."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence

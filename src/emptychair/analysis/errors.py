"""The exceptions of the analysis library: one tree, every message a sentence for the caller."""


class AnalysisError(ValueError):
    """What the caller asked for cannot be done; the message says why and what there is."""


class ArgumentError(AnalysisError):
    """An argument has a value that means nothing here."""


class ColumnNotFoundError(AnalysisError):
    """A column that is needed is not in the table."""


class AmbiguousColumnError(AnalysisError):
    """Two columns of a file could both be the one that is needed."""


class AmbiguousDatesError(AnalysisError):
    """A column of dates can be read both day first and month first."""


class UnreadableFileError(AnalysisError):
    """A file cannot be read as a table, or must not be."""


class EngineError(AnalysisError):
    """An engine cannot be reached, or cannot do what the statistics need."""


class DataError(AnalysisError):
    """The input was read, but its values do not allow the result asked for."""


class ScoreRangeError(DataError):
    """A score is not a whole number from 0 to 10."""


class NoAnswersError(DataError):
    """No row that counts is left to compute from."""

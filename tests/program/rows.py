"""What tests ask of the rows of processes that a snapshot has."""


def hottest(row):
    """The function that is named first; None when there is none."""
    return row["functions"][0]["function"] if row["functions"] else None


def is_hottest(name, row):
    """Whether a process is read, and spends its time in a function."""
    return row["error"] is None and hottest(row) == name

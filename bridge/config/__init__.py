"""Config: the file, read, checked and made into `model.rules`: every mistake at once, each with its place."""

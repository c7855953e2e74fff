"""Folders of a test that programs of other users have to get into."""
import pathlib
import tempfile


def open_to_all(path, mode=0o755):
    """pytest's folders are closed to other users. The folder that they all lie in keeps its rights: it is everyone's."""
    everyones = pathlib.Path(tempfile.gettempdir())
    for folder in [path, *path.parents]:
        if everyones in folder.parents:
            folder.chmod(mode)

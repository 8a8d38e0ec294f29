"""Keys come from files that others cannot read, and show nothing of themselves."""

import os
import pickle
import traceback
from pathlib import Path

import pytest

from shared.privacy.keys import SecretKey, UnusableKeyFile, create_key_file, load_key


def key_file(folder: Path, *, size: int = 32, mode: int = 0o600) -> Path:
    path = folder / "master.key"
    path.write_bytes(os.urandom(size))
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o440, 0o640])
def test_a_key_that_only_owner_and_group_read_is_loaded(tmp_path: Path, mode: int) -> None:
    path = key_file(tmp_path, mode=mode)
    assert load_key("MASTER_KEY_FILE", path).material == path.read_bytes()


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o620, 0o666, 0o601])
def test_a_key_open_to_others_is_refused_with_the_command_that_mends_it(tmp_path: Path, mode: int) -> None:
    path = key_file(tmp_path, mode=mode)
    with pytest.raises(UnusableKeyFile, match=f"MASTER_KEY_FILE.*chmod 600 {path}"):
        load_key("MASTER_KEY_FILE", path)


@pytest.mark.parametrize("size", [0, 31, 33, 4096])
def test_a_key_of_another_size_is_refused(tmp_path: Path, size: int) -> None:
    with pytest.raises(UnusableKeyFile, match="must hold exactly 32 raw bytes"):
        load_key("LINK_KEY_FILE", key_file(tmp_path, size=size))


def test_a_missing_key_file_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnusableKeyFile) as told:
        load_key("INDEX_KEY_FILE", tmp_path / "none.key")
    sentence = (
        f"INDEX_KEY_FILE: the key file {tmp_path / 'none.key'} cannot be read (no such file or directory); put it back "
        f"from your backup, or, where there never was one, make it with `python -m deploy.keys {tmp_path}`."
    )
    assert str(told.value) == sentence


def test_a_folder_instead_of_a_key_file_is_told_too(tmp_path: Path) -> None:
    with pytest.raises(UnusableKeyFile, match="is a directory"):
        load_key("INDEX_KEY_FILE", tmp_path)


def test_a_made_key_file_is_for_its_owner_alone_and_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "link.key"
    create_key_file(path)
    first = load_key("LINK_KEY_FILE", path)
    create_key_file(path)
    assert load_key("LINK_KEY_FILE", path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["link.key"]


def test_a_key_shows_nothing_of_its_material(tmp_path: Path) -> None:
    material = b"CANARY-material-of-the-secretkey"
    key = SecretKey(material)
    assert "CANARY" not in f"{key} {key!r}"
    assert b"CANARY" in pickle.dumps(material), "the canary would be found"


def test_the_error_for_a_wrong_size_shows_nothing_of_the_material(tmp_path: Path) -> None:
    path = tmp_path / "short.key"
    path.write_bytes(b"CANARY-too-short")
    path.chmod(0o600)
    with pytest.raises(UnusableKeyFile) as refused:
        load_key("MASTER_KEY_FILE", path)
    assert "CANARY" not in "".join(traceback.format_exception(refused.value))
    with pytest.raises(ValueError, match="this one has 16") as told:
        SecretKey(b"CANARY-too-short")
    assert "CANARY" not in str(told.value)

"""The Hugging Face hub (the extra `hub`): what `hub:owner/name[@revision]` means, what is fetched, and what is sent.

huggingface_hub speaks with it, and knows the token: this module never touches that. What a server answers is never
shown, since a hostile one could repeat what it was sent: an error says in our own words what its status means.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from .errors import GanvasError
from .limits import MAX_HUB_FILES, MAX_HUB_PICTURES_BYTES, MAX_HUB_RUN_BYTES
from .translation import _

PREFIX = "hub:"
MAIN = "main"
PLACE = re.compile(r"hub:([\w-][\w.-]*/[\w-][\w.-]*)(?:@([\w][\w./-]*))?", re.ASCII)
# The files of a run, and what there may be beside them on the hub; nothing else is fetched, least of all a pickle.
RUN_FILES = re.compile(
    r"config\.json|README\.md|model/[\w-]+\.safetensors|model/README\.md|samples/[\w-]+\.(?:png|webp)"
    r"|checkpoints/\d+/(?:state\.safetensors|facts\.json|manifest\.json)|directions/[\w.-]+\.(?:safetensors|json)",
    re.ASCII,
)
# Files that are no pictures and hold none, and of which some can run what is in them.
NOT_PICTURES = ("*.pkl", "*.pickle", "*.pt", "*.pth", "*.bin", "*.ckpt", "*.joblib", "*.py", "*.so", "*.exe", "*.sh")


class HubPlace(NamedTuple):
    """A repository on the hub, "owner/name", and which of its revisions; None for the newest."""

    repo: str
    revision: str | None

    def __str__(self) -> str:
        return f"{PREFIX}{self.repo}" + (f"@{self.revision}" if self.revision else "")


def is_hub(place: str | Path) -> bool:
    """Return whether a place is on the hub."""
    return str(place).startswith(PREFIX)


def parse_place(place: str | Path) -> HubPlace:
    """Return which repository a place means.

    Raises:
        GanvasError: it does not say so.
    """
    found = PLACE.fullmatch(Path(place).as_posix())
    if found is None or ".." in str(place):
        raise _no_place(place)
    return HubPlace(found[1], found[2])


def _no_place(place: object) -> GanvasError:
    return GanvasError(
        _("{place} is no place on the hub.").format(place=place),
        _("It is like this: {example}").format(example="hub:owner/name, hub:owner/name@revision"),
    )


@lru_cache(maxsize=8)
def fetch_pictures(place: str | Path) -> Path:
    """Return the folder with a data set on the hub, fetched into huggingface_hub's own cache.

    Raises:
        GanvasError: it is not there, may not be read, is too large, or cannot be reached.
    """
    wanted = parse_place(place)
    hub = _library(place)
    sizes = _listed(hub, wanted, "dataset")
    if sizes is not None:
        _check_size(wanted, sizes.files, MAX_HUB_PICTURES_BYTES)
    with _told(wanted, "dataset"):
        folder = hub.snapshot_download(
            wanted.repo,
            repo_type="dataset",
            revision=sizes.commit if sizes else wanted.revision,
            ignore_patterns=list(NOT_PICTURES),
            local_files_only=sizes is None,
        )
    return Path(folder)


@lru_cache(maxsize=8)
def fetch_run(place: str | Path, folder: Path) -> Path:
    """Return a run on the hub, fetched into a folder of its own in `folder`; only files of a run are.

    Raises:
        GanvasError: it is no run, not there, may not be read, is too large, or cannot be reached.
    """
    wanted = parse_place(place)
    hub = _library(place)
    known = folder / f"{wanted.repo.replace('/', '--')}@{(wanted.revision or MAIN).replace('/', '--')}.txt"
    listed = _listed(hub, wanted, "model")
    if listed is None:  # no network: what was fetched of this revision is taken
        return _fetched_before(wanted, known)
    files = {name: size for name, size in listed.files.items() if RUN_FILES.fullmatch(name)}
    if "config.json" not in files or not any(name.endswith(".safetensors") for name in files):
        raise GanvasError(
            _("{place} is not a run of Ganvas. It holds: {names}.").format(
                place=wanted, names=", ".join(sorted(listed.files)[:8]) or _("nothing")
            ),
            _("Pictures are a data set there. Other people's networks: download the file, then ganvas import FILE"),
        )
    _check_size(wanted, files, MAX_HUB_RUN_BYTES)
    target = folder / f"{wanted.repo.replace('/', '--')}@{listed.commit[:12]}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (target / "config.json").is_file():  # it is written last
        with _told(wanted, "model"):
            for name in sorted(files, key=lambda name: name == "config.json"):
                hub.hf_hub_download(wanted.repo, name, revision=listed.commit, local_dir=target)
    known.write_text(target.name, encoding="ascii")
    return target


def _fetched_before(wanted: HubPlace, known: Path) -> Path:
    try:
        target = known.parent / known.read_text(encoding="ascii")
    except OSError:
        raise _unreachable(wanted) from None
    return target


def send(repo: str, files: Sequence[tuple[str, Path]], private: bool) -> str:
    """Send files, by their names in the repository, as one commit; return the repository's address.

    Raises:
        GanvasError: there is no token, it may not write there, or the hub cannot be reached.
    """
    hub, wanted = _library(f"{PREFIX}{repo}"), HubPlace(repo, None)
    with _told(wanted, "model", writes=True):
        api = hub.HfApi()
        address = api.create_repo(repo, private=private, exist_ok=True)
        additions = [hub.CommitOperationAdd(name, str(path)) for name, path in files]
        api.create_commit(repo, additions, commit_message="Run of Ganvas")
    return str(address)


class _Listed(NamedTuple):
    """What a repository holds: its commit, and the bytes of each file."""

    commit: str
    files: dict[str, int]


def _library(place: str | Path) -> Any:
    try:
        import huggingface_hub
    except ImportError:
        raise GanvasError(
            _("For {place}, huggingface_hub is needed.").format(place=place), _('Try: pip install "ganvas[hub]"')
        ) from None
    return huggingface_hub


def _listed(hub: Any, wanted: HubPlace, kind: str) -> _Listed | None:
    """Return what a repository holds; None if the hub cannot be reached.

    Raises:
        GanvasError: it is not there, or may not be read.
    """
    try:
        with _told(wanted, kind):
            info = hub.HfApi().repo_info(wanted.repo, repo_type=kind, revision=wanted.revision, files_metadata=True)
    except UnreachableError:
        return None
    files = {each.rfilename: each.size for each in info.siblings or ()}
    is_sound = re.fullmatch(r"[0-9a-f]{7,64}", str(info.sha)) and all(type(size) is int for size in files.values())
    if not is_sound or any(".." in name.split("/") or name.startswith("/") or "\\" in name for name in files):
        raise GanvasError(_("The hub's answer for {place} makes no sense.").format(place=wanted), _("Try again later."))
    return _Listed(info.sha, files)


def _check_size(wanted: HubPlace, files: dict[str, int], most: int) -> None:
    total = sum(files.values())
    if len(files) > MAX_HUB_FILES or total > most:
        raise GanvasError(
            _("{place} has {count:,} files of {total:,} bytes in all, over the limit of {most:,}.").format(
                place=wanted, count=len(files), total=total, most=most
            ),
            _("Download the part that you need, and use its folder."),
        )


class UnreachableError(GanvasError):
    """The hub cannot be reached now."""


def _unreachable(wanted: HubPlace) -> UnreachableError:
    return UnreachableError(
        _("The hub cannot be reached now, and {place} was not fetched before.").format(place=wanted),
        _("Once there is a network (and HF_HUB_OFFLINE is not set), type the same command again."),
    )


@contextmanager
def _told(wanted: HubPlace, kind: str, writes: bool = False) -> Iterator[None]:
    """Raise what huggingface_hub says in the body of the `with` in our own words; see the module."""
    from huggingface_hub import errors

    try:
        yield
    except GanvasError:
        raise
    except Exception as error:  # of three libraries, by release: all that is known is told apart, the rest is passed on
        found = _meaning(errors, wanted, kind, writes, error)
        if found is None:
            raise
        raise found from None


def _meaning(errors: Any, wanted: HubPlace, kind: str, writes: bool, error: BaseException) -> GanvasError | None:
    """Return what an error means for people; None if it is not the hub's."""
    login = _("Log in with a token that may read it: hf auth login")
    if writes:
        login = _("Make a token that may write at {address}, then: hf auth login").format(
            address="https://huggingface.co/settings/tokens"
        )
    answer = getattr(error, "response", None)
    status = getattr(answer, "status_code", 0)
    if isinstance(error, errors.GatedRepoError):
        return GanvasError(
            _("{place} is gated: its owner decides who may read it.").format(place=wanted),
            _("Ask on its page ({address}), then: hf auth login").format(address=_page(wanted, kind)),
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return GanvasError(
            _("{repo} has no revision {revision}.").format(repo=wanted.repo, revision=wanted.revision),
            _("Try its newest: {place}").format(place=f"{PREFIX}{wanted.repo}"),
        )
    if isinstance(error, errors.RepositoryNotFoundError) and not writes:
        what = _("There is no data set {repo} on the hub, or it is private.")
        if kind == "model":
            what = _("There is no model {repo} on the hub, or it is private.")
        return GanvasError(what.format(repo=wanted.repo), _("Check the name. If it is private: hf auth login"))
    if status in (401, 403, 404):
        return GanvasError(
            _("The hub does not let you in to {repo} (status {status}).").format(repo=wanted.repo, status=status), login
        )
    if status:
        return GanvasError(
            _("The hub could not do it (status {status}).").format(status=status),
            _("Nothing was lost. Type the same command again later."),
        )
    if isinstance(error, errors.HFValidationError | errors.EntryNotFoundError):
        return _unreachable(wanted) if isinstance(error, errors.LocalEntryNotFoundError) else _no_place(wanted)
    if isinstance(error, errors.OfflineModeIsEnabled | ConnectionError | TimeoutError) or _is_of_network(error):
        return _unreachable(wanted)
    if error.__cause__ is not None:  # of one of several threads
        return _meaning(errors, wanted, kind, writes, error.__cause__)
    return None


def _is_of_network(error: BaseException) -> bool:
    """Return whether an error is of the library that speaks HTTP; which one it is depends on the release."""
    return any(each.__module__.partition(".")[0] in ("httpx", "httpx2", "requests") for each in type(error).__mro__)


def _page(wanted: HubPlace, kind: str) -> str:
    return f"https://huggingface.co/{'datasets/' if kind == 'dataset' else ''}{wanted.repo}"

"""The limit of open files of this process."""

try:
    import resource
except ImportError:
    # Windows has no such limit.
    resource = None  # type: ignore[assignment]


def allow_open_files(count: int) -> None:
    """Raise the limit of open files to `count` if it is lower; macOS starts with 256."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if soft != unlimited and soft < count:
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (count if hard == unlimited else min(count, hard), hard)
        )

"""``atento studio``: a local page for everything that a tokenizer or a trained model can show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from atento.cli.arguments import Device
from atento.core.errors import ConfigurationError

EXAMPLES: Final = """\b
Examples:
  atento studio
  atento studio runs/pt-es --tokenizer gpt2/ --tokenizer llama.tiktoken
  atento studio --workspace ~/course --port 9000 --no-browser
"""
PORT: Final = 8765


def studio(
    runs: Annotated[
        list[Path] | None, typer.Argument(metavar="RUN...", help="Runs or bundles, wherever they lie.")
    ] = None,
    workspace: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder whose runs, tokenizers and texts can be chosen.")
    ] = Path(),
    tokenizers: Annotated[
        list[Path] | None,
        typer.Option("--tokenizer", metavar="PATH...", help="Tokenizers' files or folders, wherever they lie."),
    ] = None,
    port: Annotated[int, typer.Option(metavar="N", help="Where it listens; if taken, at a free port.")] = PORT,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
    device: Device = "auto",
) -> None:
    """Open the studio, a page on this machine: tokens, translations, attention, and the mechanics of models.

    It answers this machine alone and needs no network. Ctrl-C ends it.
    """
    try:
        import starlette
        import uvicorn
    except ImportError as error:
        raise ConfigurationError(
            f"the studio needs {error.name}, which is not installed: pip install 'atento[studio]'"
        ) from error
    del starlette, uvicorn
    from atento.studio.app import create_app
    from atento.studio.serve import open_browser, serve
    from atento.studio.static import check_built
    from atento.studio.workspace import Workspace

    check_built()
    shown = Workspace(workspace, runs=runs or (), tokenizers=tokenizers or ())

    def ready(address: str) -> None:
        print(f"The studio is at {address} and shows {shown.root}; Ctrl-C ends it.", flush=True)
        if browser:
            open_browser(address)

    serve(create_app(shown, device=device), port, ready)

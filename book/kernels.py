"""Kernels that begin with everything imported: forked from one process that has imported what each chapter imports.

A kernel that is started from nothing takes seconds to import the same libraries again. The mechanism is Jupyter's: a
provisioner says how a kernel's process is started and stopped (jupyter_client, "Kernel provisioning").
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from importlib.metadata import EntryPoint
from typing import Any

from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

NAME = "forked"
# what a chapter's first cell imports, and the kernel; what `book.execute` imports, which each child imports again
PRELOAD = [
    *("book.notebook", "sql.magic", "duckdb_engine", "ipykernel.kernelapp", "ipykernel.ipkernel"),
    *("nbclient", "nbformat", "mock_data.generate", "mock_data.sinks", "mock_data.world"),
]


class ForkedProvisioner(LocalProvisioner):
    """Starts a kernel by a fork of the process that has imported everything."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel that `cmd`, ``python -m ipykernel_launcher -f FILE …``, would start."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOAD)
        process = context.Process(target=_kernel, args=(cmd[3:], kwargs["env"], kwargs.get("cwd")))
        process.start()
        # the class of the parent knows no types of its own attributes but None
        self.process = _Running(process)  # type: ignore[assignment]
        self.pid = process.pid  # type: ignore[assignment]
        return self.connection_info


class _Running:
    """A process of `multiprocessing`, with the face of one of `subprocess` that the provisioner knows."""

    stdin = stdout = stderr = None

    def __init__(self, process: Any) -> None:
        self._process = process
        self.pid = process.pid

    def poll(self) -> int | None:
        self._process.join(0)
        code: int | None = self._process.exitcode
        return code

    def wait(self) -> int | None:
        self._process.join()
        return self.poll()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def fork_kernels() -> None:
    """Let every kernel that this process starts be a forked one."""
    factory = KernelProvisionerFactory.instance()
    factory.provisioners[NAME] = EntryPoint(
        NAME, f"{__name__}:{ForkedProvisioner.__name__}", KernelProvisionerFactory.GROUP_NAME
    )
    factory.default_provisioner_name = NAME


def _kernel(arguments: list[str], environment: dict[str, str], folder: str | None) -> None:
    """What a kernel's process does, until it is told to stop or the process that it was forked from is gone."""
    from ipykernel.kernelapp import IPKernelApp

    os.setsid()  # Ctrl-C in the terminal is for the command, which then stops its kernels
    os.environ.update(environment)
    if folder:
        os.chdir(folder)
    sys.argv = ["ipykernel", *arguments]
    IPKernelApp.launch_instance([*arguments, f"--IPKernelApp.parent_handle={os.getppid()}"])

"""The broker as a task of Windows' Task Scheduler, for WSL: a broker for Windows itself there is not yet.

Never run on Windows by us: see docs/services.md.
"""

from __future__ import annotations

from mcpconf.broker.service.told import MARK, NAME, Told

FILE = f"{NAME}.xml"
SHELL = r"%SystemRoot%\System32\wsl.exe"


def text(told: Told, distribution: str) -> str:
    """The task's XML (schema 1.2): the elements of each part in the order that the schema wants.

    It runs in the foreground, which also keeps the distribution from being ended while nobody has a terminal open.
    """
    command, words = SHELL, ["--distribution", distribution, "--exec", *told.program, "broker", "run"]
    arguments = " ".join(map(_quoted, words))
    return f"""\
<?xml version="1.0" encoding="UTF-16"?>
<!-- {MARK} -->
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>mcpconf broker: MCP servers that outlive their clients</Description>
    <URI>\\{NAME}</URI>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Hidden>true</Hidden>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>3</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{_escaped(command)}</Command>
      <Arguments>{_escaped(arguments)}</Arguments>
    </Exec>
  </Actions>
</Task>
"""


def data(told: Told, distribution: str) -> bytes:
    """The same as `schtasks /Create /XML` reads it: UTF-16 with a byte order mark, and Windows' line ends."""
    return text(told, distribution).replace("\n", "\r\n").encode("utf-16")


def _quoted(word: str) -> str:
    """A word of a Windows command line (CommandLineToArgvW): what is ours has no quote and no trailing backslash."""
    return f'"{word}"' if not word or any(letter.isspace() for letter in word) else word


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
